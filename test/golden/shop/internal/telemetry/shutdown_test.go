package telemetry

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap/zapcore"
)

func TestARequestThatTheShutdownEndedIsNoClientsLeaving(t *testing.T) {
	for _, test := range []struct {
		name            string
		handler         http.HandlerFunc
		code, errorType string
	}{
		{"a handler that says so", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "503", "503"},
		{"a handler that takes it for a client's", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(StatusClientGone) }, "503", "503"},
		{"a handler that answers all the same", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }, "200", ""},
		{"a handler that gives up and says nothing", func(http.ResponseWriter, *http.Request) {}, "503", "503"},
		{"an answer that was cut off", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "half") }, "503", "503"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, sdktrace.AlwaysSample(), zapcore.InfoLevel)
			ctx, end := context.WithCancelCause(t.Context())
			end(ErrShutdown)
			request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/orders/7", nil)
			b.Route("GET /orders/{id}", test.handler).ServeHTTP(closedWriter{httptest.NewRecorder()}, request)
			if got := b.count(t, "/orders/{id}", test.code, test.errorType); got != "1" {
				t.Errorf("count %s in series %s %q, want 1; access line %v", got, test.code, test.errorType, b.lines(t))
			}
		})
	}
}

// closedWriter is that of a connection which is closed.
type closedWriter struct{ *httptest.ResponseRecorder }

func (closedWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
