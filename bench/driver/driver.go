// Package driver asks a stack's handler for requests and tells what they cost the process. The stack it measures is
// in the same process; who compares stacks starts one process for each and alternates between them.
package driver

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"
)

// Stack is what is measured.
type Stack struct {
	Handler http.Handler
	// Metrics answers a scrape; nil for a stack without metrics.
	Metrics http.Handler
	// Flush sends the spans that are queued; nil for a stack without spans.
	Flush func(context.Context) error
}

// Round is one line of standard input: how many requests, of which kind.
type Round struct {
	Requests int
	// Parent is the traceparent header that every request carries; empty: the traces start here.
	Parent string
	// FlushEvery is the number of requests after which queued spans are sent, so that the queue drops none.
	FlushEvery int
	// Profile is the file that a CPU profile of the round goes to; empty: none.
	Profile string
}

// Cost is one line of standard output: what a round cost, each figure for one request.
type Cost struct {
	CPUNanoseconds  float64 `json:"cpuNs"`
	WallNanoseconds float64 `json:"wallNs"`
	Allocations     float64 `json:"allocations"`
	Bytes           float64 `json:"bytes"`
}

// Serve answers one Cost for each Round until standard input ends.
func Serve(stack Stack) error {
	in, out := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	if err := out.Encode("ready"); err != nil {
		return err
	}
	for {
		var round Round
		if err := in.Decode(&round); err != nil {
			return nil // the end of the input is the end of the program
		}
		cost, err := measure(stack, round)
		if err != nil {
			return err
		}
		if err := out.Encode(cost); err != nil {
			return err
		}
	}
}

func measure(stack Stack, round Round) (Cost, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	requests, writer := newRequests(ctx, round.Parent), newWriter()
	runtime.GC() // each round starts from a heap of its own size, whatever the one before left
	if round.Profile != "" {
		file, err := os.Create(round.Profile)
		if err != nil {
			return Cost{}, err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return Cost{}, err
		}
		defer pprof.StopCPUProfile()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, start := processTime(), time.Now()
	for n := range round.Requests {
		request := requests[n%len(requests)]
		writer.reset()
		stack.Handler.ServeHTTP(writer, request.Request)
		if writer.status != request.status {
			return Cost{}, fmt.Errorf("%s %s answered %d", request.Method, request.URL, writer.status)
		}
		if stack.Flush != nil && (n+1)%round.FlushEvery == 0 {
			if err := stack.Flush(context.Background()); err != nil {
				return Cost{}, err
			}
		}
	}
	if err := stack.scrape(writer); err != nil {
		return Cost{}, err
	}
	cpu, wall := processTime()-cpu, time.Since(start)
	runtime.ReadMemStats(&after)
	count := float64(round.Requests)
	return Cost{
		CPUNanoseconds:  float64(cpu) / count,
		WallNanoseconds: float64(wall) / count,
		Allocations:     float64(after.Mallocs-before.Mallocs) / count,
		Bytes:           float64(after.TotalAlloc-before.TotalAlloc) / count,
	}, nil
}

func (s Stack) scrape(writer *writer) error {
	if s.Metrics == nil {
		return nil
	}
	request, err := http.NewRequest(http.MethodGet, "/metrics", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	writer.reset()
	s.Metrics.ServeHTTP(writer, request)
	if writer.status != http.StatusOK || writer.bytes == 0 {
		return fmt.Errorf("/metrics answered %d with %d bytes", writer.status, writer.bytes)
	}
	return nil
}

// processTime is the CPU time of all threads so far, in the program and in the kernel for it.
func processTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // only for a wrong argument
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

type request struct {
	*http.Request
	status int
}

// newRequests makes the mix: nine reads of an order, one of an order that is not there.
func newRequests(ctx context.Context, parent string) []request {
	requests := make([]request, 0, 10)
	for id := 1; id <= 9; id++ {
		requests = append(requests, newRequest(ctx, fmt.Sprintf("/orders/%d", id), parent, http.StatusOK))
	}
	return append(requests, newRequest(ctx, "/orders/unknown", parent, http.StatusNotFound))
}

// newRequest makes a request as net/http hands it to a handler: with its context's values and a client's headers.
func newRequest(ctx context.Context, path, parent string, status int) request {
	ctx = context.WithValue(ctx, http.ServerContextKey, new(http.Server))
	ctx = context.WithValue(ctx, http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://shop.example.com"+path, http.NoBody)
	if err != nil {
		panic(err)
	}
	r.RequestURI, r.RemoteAddr = path, "192.0.2.10:51234"
	r.URL.Scheme, r.URL.Host = "", ""
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) bench")
	r.Header.Set("Accept", "application/json")
	if parent != "" {
		r.Header.Set("Traceparent", parent)
	}
	return request{r, status}
}
