// Package main is the program jobs.
package main

import (
	"fmt"

	"example.com/lib/greet"
)

func main() { fmt.Println(greet.Hello, "from jobs") }
