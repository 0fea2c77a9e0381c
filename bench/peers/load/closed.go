package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// call is one kind of request; n numbers the requests of all kinds, last is the newest order that was made.
type call struct {
	method string
	path   func(n, last int64) string
	body   string
}

func fixed(path string) func(n, last int64) string { return func(_, _ int64) string { return path } }

// mix is a hundred requests of a day, good and bad. One of them is cut off by the client.
var mix = func() []call {
	// The newest hundred: the service forgets orders that are too old.
	order := func(n, last int64) string { return fmt.Sprintf("/orders/%d", max(1, last-n%100)) }
	pay := func(n, last int64) string { return fmt.Sprintf("/payment/%d/capture", max(1, last-n%100)) }
	kinds := []struct {
		share int
		call
	}{
		{57, call{http.MethodGet, order, ""}},
		{15, call{http.MethodPost, fixed("/orders"), `{"item":"tea","quantity":2}`}},
		{5, call{http.MethodPost, fixed("/orders"), `{"item":`}},
		{5, call{http.MethodPost, fixed("/orders"), `{"item":"` + strings.Repeat("x", 1<<12) + `","quantity":1}`}},
		{5, call{http.MethodPost, pay, ""}},
		{5, call{http.MethodGet, fixed("/orders/unknown"), ""}},
		{4, call{http.MethodGet, func(n, _ int64) string { return fmt.Sprintf("/nowhere/%d", n) }, ""}},
		{2, call{http.MethodDelete, fixed("/orders"), ""}},
		{1, call{"BREW", fixed("/orders"), ""}},
		{1, call{abort, fixed("/orders"), ""}},
	}
	var calls []call
	for _, kind := range kinds {
		for range kind.share {
			calls = append(calls, kind.call)
		}
	}
	return calls
}()

// abort stands for a client that goes away in the middle of its request.
const abort = "ABORT"

type closedResult struct {
	Requests        int64            `json:"requests"`
	Seconds         float64          `json:"seconds"`
	RequestsASecond float64          `json:"requestsASecond"`
	ByStatus        map[string]int64 `json:"byStatus"`
}

func closedLoop(ctx context.Context, addr string, connections, requests int) (closedResult, error) {
	client := newClient(addr, connections)
	var next, failed atomic.Int64
	var firstError atomic.Pointer[error]
	var statuses [600]atomic.Int64 // at 0: aborted by the client
	var wait sync.WaitGroup
	start := time.Now()
	for range connections {
		wait.Go(func() {
			for n := next.Add(1) - 1; n < int64(requests) && ctx.Err() == nil; n = next.Add(1) - 1 {
				// 37 and 100 have no common divisor: all kinds are mixed evenly.
				status, err := client.do(ctx, mix[n*37%int64(len(mix))], n)
				if err != nil {
					failed.Add(1)
					firstError.CompareAndSwap(nil, &err)
					continue
				}
				statuses[status].Add(1)
			}
		})
	}
	wait.Wait()
	client.http.CloseIdleConnections()
	if err := ctx.Err(); err != nil {
		return closedResult{}, err
	}
	if count := failed.Load(); count > 0 {
		return closedResult{}, fmt.Errorf("%d requests had no answer, the first: %w", count, *firstError.Load())
	}
	seconds := time.Since(start).Seconds()
	result := closedResult{int64(requests), seconds, float64(requests) / seconds, make(map[string]int64)}
	for status := range statuses {
		if count := statuses[status].Load(); count > 0 {
			name := fmt.Sprint(status)
			if status == 0 {
				name = "aborted"
			}
			result.ByStatus[name] = count
		}
	}
	return result, nil
}

type client struct {
	addr string
	http *http.Client
	last atomic.Int64 // number of the newest order
}

func newClient(addr string, connections int) *client {
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true}
	return &client{addr: addr, http: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
}

// do sends a request and reads the whole answer; its status is 0 when the client aborted on purpose.
func (c *client) do(ctx context.Context, call call, n int64) (int, error) {
	path := call.path(n, c.last.Load())
	if call.method == abort {
		return 0, c.abort(ctx, path)
	}
	var body io.Reader = http.NoBody
	if call.body != "" {
		body = strings.NewReader(call.body)
	}
	request, err := http.NewRequestWithContext(ctx, call.method, "http://"+c.addr+path, body)
	if err != nil {
		return 0, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if id, ok := strings.CutPrefix(response.Header.Get("Location"), "/orders/"); ok {
		if number, err := strconv.ParseInt(id, 10, 64); err == nil {
			c.last.Store(number)
		}
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// abort promises a body and goes away after its first bytes.
func (c *client) abort(ctx context.Context, path string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\n\r\n{\"item\":", path, c.addr)
	return err
}
