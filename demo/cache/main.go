// Command cache is the demo's Redis: miniredis in a process of its own, so that killing it is killing a cache.
// It prints its address and serves until its standard input closes, so that it cannot outlive the demo.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cache:", err)
		os.Exit(1)
	}
}

func run(stdin io.Reader, stdout io.Writer) error {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return err
	}
	defer server.Close()
	for i := range 1000 {
		if err := server.Set(fmt.Sprintf("session:%d", i), fmt.Sprintf(`{"user":"user-%d"}`, i)); err != nil {
			return err
		}
	}
	fmt.Fprintln(stdout, server.Addr())
	_, err := io.Copy(io.Discard, stdin)
	return err
}
