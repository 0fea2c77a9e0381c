// Package main says when it is midnight in Zürich.
package main

import (
	"fmt"
	"time"

	"example.com/several/internal/clock"
)

func main() {
	zone, err := time.LoadLocation("Europe/Zurich")
	fmt.Println(clock.Midnight(time.Now().In(zone)), err)
}
