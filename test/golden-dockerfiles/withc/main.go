// Package main asks C.
package main

import (
	"fmt"

	"example.com/withc/answer"
)

func main() { fmt.Println(answer.Get()) }
