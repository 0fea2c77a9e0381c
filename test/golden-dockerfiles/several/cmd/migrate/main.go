// Package main runs a script of the shell.
package main

import (
	"fmt"
	"os/exec"
	"time"

	"example.com/several/internal/clock"
	"example.com/several/migrations"
)

func main() {
	out, err := exec.Command("sh", "-c", migrations.First).CombinedOutput()
	fmt.Println(string(out), err, clock.Midnight(time.Now()))
}
