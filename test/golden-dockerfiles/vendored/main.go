// Package main uses a vendored module.
package main

import (
	"fmt"

	"example.org/dep"
)

func main() { fmt.Println(dep.Name) }
