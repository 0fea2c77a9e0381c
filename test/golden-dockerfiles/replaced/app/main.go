// Package main encodes.
package main

import (
	"fmt"

	"example.com/codec"
)

func main() { fmt.Println(codec.Encode("x")) }
