package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

type openResult struct {
	Requests int `json:"requests"`
	Rate     int `json:"rate"`
	// Microseconds from the moment a request was due to its last byte.
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Worst float64 `json:"worst"`
}

// openLoop sends request i at start + i/rate, whatever became of those before it. When all connections are busy a
// request waits for one, and that wait is part of its time.
func openLoop(ctx context.Context, addr string, connections, rate int, duration time.Duration) (openResult, error) {
	client := newClient(addr, connections)
	defer client.http.CloseIdleConnections()
	read := call{method: http.MethodGet, path: func(n, _ int64) string { return fmt.Sprintf("/orders/%d", n%100+1) }}
	total := int(duration.Seconds() * float64(rate))
	due := make(chan int, total)
	took := make([]time.Duration, total)
	problems := make(chan error, connections)
	interval := time.Second / time.Duration(rate)
	start := time.Now().Add(100 * time.Millisecond)
	var wait sync.WaitGroup
	for range connections {
		wait.Go(func() {
			for n := range due {
				status, err := client.do(ctx, read, int64(n))
				if err == nil && status != http.StatusOK {
					err = fmt.Errorf("answered %d", status)
				}
				if err != nil {
					problems <- err
					return
				}
				took[n] = time.Since(start.Add(time.Duration(n) * interval))
			}
		})
	}
	for n := range total {
		if wait := time.Until(start.Add(time.Duration(n) * interval)); wait > 0 {
			time.Sleep(wait)
		}
		due <- n
	}
	close(due)
	wait.Wait()
	select {
	case err := <-problems:
		return openResult{}, err
	default:
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[min(total-1, int(share*float64(total)))].Microseconds())
	}
	return openResult{total, rate, at(0.5), at(0.99), at(0.999), at(1)}, nil
}
