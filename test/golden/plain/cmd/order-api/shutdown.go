package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/Acme/order-api/v2/internal/telemetry"
)

// All of them, and DRAIN_DELAY, must fit into the time between SIGTERM and SIGKILL (stop_grace_period in compose.yaml).
const (
	shutdownTimeout = 10 * time.Second // for requests under way
	shutdownNotice  = 2 * time.Second  // of it, for those that end when their context does: streams
	flushTimeout    = 3 * time.Second  // for telemetry still queued
)

// drain waits until load balancers have seen that the service is not ready. A second signal ends the wait, a further
// one the process.
func drain(delay time.Duration, log *telemetry.Logger) {
	second, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	log.Info("shutting down")
	select {
	case <-time.After(delay):
	case <-second.Done():
	}
}

// graceful returns the server's shutdown: it waits for requests under way, ends the contexts of those that are left
// when only notice remains of the timeout, and then cuts their connections.
func graceful(s *http.Server) func(timeout, notice time.Duration) error {
	base, end := context.WithCancelCause(context.Background())
	s.BaseContext = func(net.Listener) context.Context { return base }
	return func(timeout, notice time.Duration) error {
		defer time.AfterFunc(timeout-notice, func() { end(telemetry.ErrShutdown) }).Stop()
		if late := within(timeout, s.Shutdown); late != nil {
			return errors.Join(fmt.Errorf("requests are still under way after %v: %w", timeout, late), s.Close())
		}
		return nil
	}
}

// within runs a step of the shutdown with a deadline of its own: the service's context has ended by then.
func within(timeout time.Duration, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return step(ctx)
}
