package httpclient

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
)

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// connection counts itself as idle or active. http.Transport tells nothing about its pool, so the two ends are
// observed: dialling and closing here, and being used by the attempts (use).
type connection struct {
	net.Conn
	metrics metrics

	mu     sync.Mutex
	users  int // more than one with HTTP/2
	closed bool
}

// dialError marks what failed as the dial.
type dialError struct{ error }

func (e dialError) Unwrap() error { return e.error }

// counted dials connections that count themselves. net/http goes on dialling when the attempt that asked for the
// connection has ended, for the next one; the timeout ends that too.
func (m metrics) counted(dial dialFunc, timeout time.Duration) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, dialError{err}
		}
		m.idle.Inc()
		return &connection{Conn: conn, metrics: m}, nil
	}
}

// Close closes the connection; of the calls, one counts.
func (c *connection) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		if c.users == 0 {
			c.metrics.idle.Dec()
		} else {
			c.metrics.inUse.Dec()
		}
	}
	return c.Conn.Close()
}

// count adds users, 1 or -1.
func (c *connection) count(users int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.users
	c.users += users
	switch {
	case c.closed:
	case before == 0:
		c.metrics.idle.Dec()
		c.metrics.inUse.Inc()
	case c.users == 0:
		c.metrics.inUse.Dec()
		c.metrics.idle.Inc()
	}
}

// use follows one attempt through the pool. net/http calls the hooks on the attempt's own goroutine.
type use struct {
	metrics metrics
	span    trace.Span
	waiting bool
	conns   []*connection
}

func (u *use) traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: u.wait, GotConn: u.got})
}

func (u *use) wait(string) {
	if !u.waiting {
		u.waiting = true
		u.metrics.pending.Inc()
	}
}

// got is called again when net/http finds that the service had closed an idle connection and takes another one
// by itself; https://pkg.go.dev/net/http#Transport says when.
func (u *use) got(info httptrace.GotConnInfo) {
	if u.waiting {
		u.waiting = false
		u.metrics.pending.Dec()
	}
	if len(u.conns) > 0 {
		u.span.AddEvent("the connection was stale, another one is used")
	}
	conn := info.Conn
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	if counted, ok := conn.(*connection); ok {
		counted.count(1)
		u.conns = append(u.conns, counted)
	}
}

// release ends the use. errorType still reads from waiting whether the attempt ever got a connection.
func (u *use) release() {
	if u.waiting {
		u.metrics.pending.Dec()
	}
	for _, conn := range u.conns {
		conn.count(-1)
	}
}
