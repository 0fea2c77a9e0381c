// A sender of telemetry that is no bottleneck: OTLP requests are made in advance and held in memory, and before each is
// sent its ids, its times and some numbers are written anew into its bytes, so that no two are equal. Compressed ones
// cannot be written into: as many as are wanted are made, each different, before the first is sent.
//
// It prints a line when all is prepared, starts when it reads a line, and prints what came of it as one line of JSON.
// `telemetry-load -lines FILE` writes a file of zap's JSON lines instead.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings is what the command line sets.
type settings struct {
	addr        string
	signal      string // traces or logs
	format      string // protobuf or json
	gzip        bool
	records     int // in a request
	requests    int
	connections int
	services    int
	rate        int // records a second, 0: as fast as they are answered
	seed        uint64
	lines       string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "telemetry-load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s, err := parse(os.Args[1:])
	if err != nil {
		return err
	}
	if s.lines != "" {
		return writeLines(s)
	}
	bodies, err := prepare(s)
	if err != nil {
		return err
	}
	fmt.Println(`{"ready":true}`)
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return fmt.Errorf("a line on stdin starts it: %w", err)
	}
	result, err := closedLoop(ctx, s, bodies)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("telemetry-load", flag.ContinueOnError)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:4318", "host:port of the OTLP/HTTP receiver")
	flags.StringVar(&s.signal, "signal", "traces", "traces or logs")
	flags.StringVar(&s.format, "format", "protobuf", "protobuf or json")
	flags.BoolVar(&s.gzip, "gzip", false, "compress the bodies, in advance")
	flags.IntVar(&s.records, "records", 512, "spans or log records of a request, or lines of the file")
	flags.IntVar(&s.requests, "requests", 1000, "how many requests")
	flags.IntVar(&s.connections, "connections", 8, "requests under way at once")
	flags.IntVar(&s.services, "services", 8, "services that send, one in each request")
	flags.IntVar(&s.rate, "rate", 0, "records a second at the most; 0: as fast as they are answered")
	flags.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()), "of everything random")
	flags.StringVar(&s.lines, "lines", "", "write this file of zap's JSON lines and end")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.signal != "traces" && s.signal != "logs" {
		return s, fmt.Errorf("unknown signal %q: use traces or logs", s.signal)
	}
	if s.format != "protobuf" && s.format != "json" {
		return s, fmt.Errorf("unknown format %q: use protobuf or json", s.format)
	}
	if s.records < 1 || s.requests < 1 || s.connections < 1 || s.services < 1 {
		return s, fmt.Errorf("records, requests, connections and services are at least 1")
	}
	return s, nil
}
