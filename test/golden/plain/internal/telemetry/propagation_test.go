package telemetry

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.uber.org/zap/zapcore"
)

func TestWhatIsPassedOnIsWhatOTELPropagatorsNames(t *testing.T) {
	const traceID, said = "4bf92f3577b34da6a3ce929d0e0e4736", "tenant=acme"
	for _, test := range []struct {
		names   string
		traces  bool
		baggage string
	}{
		{names: "", traces: true},
		{names: "tracecontext", traces: true},
		{names: "tracecontext, baggage", traces: true, baggage: said},
		{names: "baggage", baggage: said},
		{names: "none"},
	} {
		t.Run(test.names, func(t *testing.T) {
			log, err := NewLogger(io.Discard, "", zapcore.InfoLevel)
			if err != nil {
				t.Fatal(err)
			}
			env := map[string]string{"OTEL_PROPAGATORS": test.names, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
			tel, err := New(t.Context(), Config{Service: "order-api", Getenv: func(name string) string { return env[name] }}, log)
			if err != nil {
				t.Fatal(err)
			}
			ended, end := context.WithCancel(t.Context())
			end() // nothing is sent
			defer func() { _ = tel.Shutdown(ended) }()
			sent := http.Header{}
			handler := NewMiddleware(tel, nil).Route("GET /orders", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				tel.Propagator.Inject(r.Context(), propagation.HeaderCarrier(sent))
			}))
			request := httptest.NewRequest(http.MethodGet, "/orders", nil)
			request.Header.Set("Traceparent", "00-"+traceID+"-00f067aa0ba902b7-00")
			request.Header.Set("Baggage", said)
			handler.ServeHTTP(httptest.NewRecorder(), request)

			parent := sent.Get("Traceparent")
			if (parent != "") != test.traces || test.traces && !strings.Contains(parent, traceID) {
				t.Errorf("passed on the trace %q", parent)
			}
			if got := sent.Get("Baggage"); got != test.baggage {
				t.Errorf("passed on the baggage %q, want %q", got, test.baggage)
			}
		})
	}
}
