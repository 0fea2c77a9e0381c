package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestHandleRoute(t *testing.T) {
	tel, spans := newTelemetry(t), tracetest.NewSpanRecorder()
	tel.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	handler := New(Deps{Log: tel.Log.Logger}, tel)

	for _, test := range []struct {
		name, body string
		status     int
	}{
		{"it is not implemented yet", "{}", http.StatusNotImplemented},
		//go-sre:begin fullbody|plainbody
		{"a broken body is refused", "{", http.StatusBadRequest},
		//go-sre:end
	} {
		t.Run(test.name, func(t *testing.T) {
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, httptest.NewRequest("METHOD", "/target", strings.NewReader(test.body)))
			if response.Code != test.status {
				t.Errorf("answered %d %s; want %d", response.Code, response.Body, test.status)
			}
			if span := spans.Ended()[len(spans.Ended())-1]; span.Name() != "METHOD /pattern" {
				t.Errorf("span %q", span.Name())
			}
			metrics := httptest.NewRecorder()
			promhttp.HandlerFor(tel.Registry, promhttp.HandlerOpts{}).ServeHTTP(metrics, httptest.NewRequest("GET", "/metrics", nil))
			series := fmt.Sprintf(`http_request_method=%q,http_response_status_code="%d",http_route=%q} 1`, "METHOD", test.status, "/pattern")
			if !strings.Contains(metrics.Body.String(), series) {
				t.Errorf("/metrics has no series %s", series)
			}
		})
	}
}
