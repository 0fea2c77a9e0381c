package telemetry

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// deadline is a request's context with a time bound. It makes the timer when somebody first waits for it: a handler
// that does no I/O pays nothing, where context.WithDeadline costs each request five allocations.
type deadline struct {
	context.Context               // the server's: cancelled when the client leaves
	start           time.Time     // of the request
	limit           time.Duration // from the start; 0: no bound

	mu     sync.Mutex
	timed  atomic.Pointer[timedContext]
	timers []*timedContext
}

type timedContext struct {
	context.Context
	cancel context.CancelFunc
}

func (d *deadline) Deadline() (time.Time, bool) { return d.current().Deadline() }
func (d *deadline) Done() <-chan struct{}       { return d.current().Done() }

// Err needs no timer as long as nobody waits for one.
func (d *deadline) Err() error {
	if timed := d.timed.Load(); timed != nil {
		return timed.Err()
	}
	if d.exceeded() {
		return d.current().Err()
	}
	return d.Context.Err()
}

// Value asks the timed context, once there is one, so that contexts derived from this one find it and are cancelled
// with it directly: otherwise package context would start a goroutine for each.
func (d *deadline) Value(key any) any {
	if timed := d.timed.Load(); timed != nil {
		return timed.Value(key)
	}
	return d.Context.Value(key)
}

func (d *deadline) current() context.Context {
	if timed := d.timed.Load(); timed != nil {
		return timed
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.limit == 0 {
		return d.Context
	}
	if d.timed.Load() == nil {
		ctx, cancel := context.WithDeadline(d.Context, d.start.Add(d.limit))
		timed := &timedContext{ctx, cancel}
		if len(d.timers) == cap(d.timers) { // a stream that moves its bound with each message makes a timer for each
			d.timers = slices.DeleteFunc(d.timers, func(t *timedContext) bool { return t.Err() != nil })
		}
		d.timers = append(d.timers, timed)
		d.timed.Store(timed)
	}
	return d.timed.Load()
}

// move sets another bound, or none. What was derived from the context before keeps the earlier one.
func (d *deadline) move(to time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if timed := d.timed.Load(); timed != nil && timed.Err() != nil {
		return // what has ended stays so
	}
	d.limit = 0
	if !to.IsZero() {
		d.limit = max(to.Sub(d.start), 1)
	}
	d.timed.Store(nil)
}

// exceeded says whether the bound has come.
func (d *deadline) exceeded() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.limit > 0 && time.Since(d.start) >= d.limit
}

// stop ends the timers.
func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, timer := range d.timers {
		timer.cancel()
	}
}
