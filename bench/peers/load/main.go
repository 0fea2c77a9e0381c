// A load generator for the shop's API. `load closed` sends a number of requests as fast as its connections go;
// `load open` sends them at a fixed rate and counts each answer's time from the moment the request was due, so that a
// server that stalls is charged for everyone who had to wait (no coordinated omission:
// https://www.azul.com/files/HowNotToMeasureLatency_LLSummit_NYC_12Nov2013.pdf).
// Both print one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("use `load closed` or `load open`")
	}
	flags := flag.NewFlagSet("load "+args[0], flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "host:port of the service")
	connections := flags.Int("connections", 16, "requests under way at once, at most")
	requests := flags.Int("requests", 10_000, "closed: how many requests, of all kinds")
	rate := flags.Int("rate", 1000, "open: requests a second, reads of an order only")
	duration := flags.Duration("duration", 10*time.Second, "open: how long")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	var result any
	var err error
	switch args[0] {
	case "closed":
		result, err = closedLoop(ctx, *addr, *connections, *requests)
	case "open":
		result, err = openLoop(ctx, *addr, *connections, *rate, *duration)
	default:
		return fmt.Errorf("unknown mode %q: use closed or open", args[0])
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}
