package telemetry

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap/zapcore"
)

func TestFailuresAreToldApart(t *testing.T) {
	leave := func(r *http.Request) { r.Context().Value(leaveKey{}).(context.CancelFunc)() }
	for _, test := range []struct {
		name            string
		handler         http.HandlerFunc
		code, errorType string
		answered        int
		failed          bool
	}{
		{"a code of the handler", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, "502", "502", 502, true},
		{"a timeout that the handler tells", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(504) }, "504", "timeout", 504, true},
		{"a handler that gives up at its deadline", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "504", "timeout", 504, true},
		{"a good answer that begins after the deadline", func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Minute)
			w.WriteHeader(200)
		}, "200", "", 200, false},
		{"a failure that is told after the deadline", func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Minute)
			w.WriteHeader(500)
		}, "500", "timeout", 500, true},
		{"a handler that says nothing and is late", func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) }, "504", "timeout", 504, true},
		{"an answer that begins in time and takes longer", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200)
			time.Sleep(time.Minute)
		}, "200", "", 200, false},
		{"a longer time asked for", func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour))
			time.Sleep(time.Minute)
			w.WriteHeader(200)
		}, "200", "", 200, false},
		{"a client that left before the answer", func(w http.ResponseWriter, r *http.Request) {
			leave(r)
			w.WriteHeader(500)
		}, "499", "client_gone", 500, false},
		{"a client that left, and a handler that says nothing", func(_ http.ResponseWriter, r *http.Request) { leave(r) }, "499", "client_gone", 200, false},
		{"a proxy's abort when the client left", func(_ http.ResponseWriter, r *http.Request) {
			leave(r)
			panic(http.ErrAbortHandler)
		}, "499", "client_gone", 200, false},
		{"an abort for any other reason", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "500", "panic", 200, true},
		{"a panic", func(http.ResponseWriter, *http.Request) { panic(errors.New("boom")) }, "500", "panic", 500, true},
		{"a panic that the client did not wait for", func(_ http.ResponseWriter, r *http.Request) {
			leave(r)
			panic("boom")
		}, "500", "panic", 500, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sdktrace.AlwaysSample(), zapcore.InfoLevel)
				b.Timeout = 10 * time.Second
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				response := deadlineRecorder{httptest.NewRecorder()}
				func() {
					defer func() { _ = recover() }()
					request := httptest.NewRequestWithContext(context.WithValue(ctx, leaveKey{}, cancel), http.MethodGet, "/orders/7", nil)
					b.Route("GET /orders/{id}", test.handler).ServeHTTP(response, request)
				}()
				if got := b.count(t, "/orders/{id}", test.code, test.errorType); got != "1" {
					t.Errorf("count %s in series %s %q, want 1; access line %v", got, test.code, test.errorType, b.lines(t))
				}
				if response.Code != test.answered {
					t.Errorf("answered %d, want %d", response.Code, test.answered)
				}
				if failed := b.spans.Ended()[0].Status().Code == codes.Error; failed != test.failed {
					t.Errorf("span failed: %v, want %v", failed, test.failed)
				}
				lines := b.lines(t)
				if failed := lines[len(lines)-1]["level"] == "error"; failed != test.failed {
					t.Errorf("access line %v", lines)
				}
			})
		})
	}
}

type leaveKey struct{}

// deadlineRecorder takes a write deadline as a connection does.
type deadlineRecorder struct{ *httptest.ResponseRecorder }

func (deadlineRecorder) SetWriteDeadline(time.Time) error { return nil }

func TestASampledAccessLogHasTheLinesOfStoredTracesAndOfFailures(t *testing.T) {
	for _, test := range []struct {
		sampler sdktrace.Sampler
		code    int
		lines   int
	}{
		{sdktrace.NeverSample(), 200, 0},
		{sdktrace.NeverSample(), 404, 0},
		{sdktrace.NeverSample(), 499, 0},
		{sdktrace.NeverSample(), 500, 1},
		{sdktrace.NeverSample(), 504, 1},
		{sdktrace.AlwaysSample(), 200, 1},
	} {
		b := newBench(t, test.sampler, zapcore.InfoLevel)
		b.tel.SampledAccessLog = true
		b.get(b.Route("GET /orders/{id}", answer(test.code)))
		if got := len(b.lines(t)); got != test.lines {
			t.Errorf("%s, %d: %d lines, want %d", test.sampler.Description(), test.code, got, test.lines)
		}
	}
}
