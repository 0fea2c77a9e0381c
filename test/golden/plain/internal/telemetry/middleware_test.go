package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/zap/zapcore"
)

// bench is a middleware with everything it writes at hand.
type bench struct {
	*Middleware
	logs  bytes.Buffer
	spans *tracetest.SpanRecorder
}

func newBench(t *testing.T, sampler sdktrace.Sampler, level zapcore.Level) *bench {
	b := &bench{spans: tracetest.NewSpanRecorder()}
	log, err := NewLogger(&b.logs, "", level)
	if err != nil {
		t.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithSpanProcessor(b.spans))
	b.Middleware = NewMiddleware(&Telemetry{
		Log: log, Registry: prometheus.NewRegistry(), Tracer: provider.Tracer("test"), Propagator: propagation.TraceContext{},
	}, Buckets([]time.Duration{300 * time.Millisecond}))
	return b
}

func (b *bench) get(handler http.Handler, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "/orders/7", nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	return response
}

func (b *bench) metrics() string {
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	response := httptest.NewRecorder()
	promhttp.HandlerFor(b.tel.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(response, request)
	return response.Body.String()
}

// count is the number of requests in the series of a status code and error type.
func (b *bench) count(t *testing.T, route, code, errorType string) string {
	t.Helper()
	prefix := `http_server_request_duration_seconds_count{error_type="` + errorType +
		`",http_request_method="GET",http_response_status_code="` + code + `",http_route="` + route + `"} `
	for line := range strings.Lines(b.metrics()) {
		if value, found := strings.CutPrefix(line, prefix); found {
			return strings.TrimSpace(value)
		}
	}
	return "no series"
}

func (b *bench) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(b.logs.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v in log line %s", err, text)
		}
		lines = append(lines, line)
	}
	return lines
}

func answer(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

func TestARequestLeavesALineAMetricAndASpanWithTheSameTraceID(t *testing.T) {
	b := newBench(t, sdktrace.AlwaysSample(), zapcore.InfoLevel)
	const caller = "4bf92f3577b34da6a3ce929d0e0e4736"
	b.get(b.Route("GET /orders/{id}", answer(503)), "traceparent", "00-"+caller+"-00f067aa0ba902b7-01")

	span := b.spans.Ended()[0]
	if span.Name() != "GET /orders/{id}" || span.Status().Code != codes.Error {
		t.Errorf("span %q with status %v", span.Name(), span.Status())
	}
	if span.SpanContext().TraceID().String() != caller || span.Parent().SpanID().String() != "00f067aa0ba902b7" {
		t.Errorf("span %+v does not continue the caller's trace", span.SpanContext())
	}
	line := b.lines(t)[0]
	for key, want := range map[string]any{
		"msg": "request", "level": "error", "method": "GET", "route": "/orders/{id}", "status": 503.0,
		"trace_id": caller, "span_id": span.SpanContext().SpanID().String(), "trace_flags": "01",
	} {
		if line[key] != want {
			t.Errorf("log line: %s is %v, want %v", key, line[key], want)
		}
	}
	if _, ok := line["duration_ms"].(float64); !ok || line["caller"] == "" {
		t.Errorf("log line without duration or caller: %v", line)
	}
	exemplars := 0
	for metric := range strings.Lines(b.metrics()) {
		if _, exemplar, found := strings.Cut(metric, " # {"); found && strings.Contains(exemplar, `trace_id="`+caller+`"`) {
			exemplars++
		}
	}
	if exemplars != 1 {
		t.Errorf("%d exemplars with the trace id, want 1", exemplars)
	}
}

func TestAnUnstoredTraceHasNoExemplarButItsLineAndMetric(t *testing.T) {
	b := newBench(t, sdktrace.NeverSample(), zapcore.InfoLevel)
	b.get(b.Route("GET /orders/{id}", answer(200)))
	if strings.Contains(b.metrics(), "trace_id") {
		t.Errorf("an exemplar leads nowhere:\n%s", b.metrics())
	}
	if got := b.count(t, "/orders/{id}", "200", ""); got != "1" {
		t.Errorf("count %s, want 1", got)
	}
	if line := b.lines(t)[0]; line["trace_flags"] != "00" || len(line["trace_id"].(string)) != 32 {
		t.Errorf("log line %v", line)
	}
}

func TestTheAccessLineOfAStoredTraceIsWrittenAtAnyLevel(t *testing.T) {
	for sampler, want := range map[sdktrace.Sampler]int{sdktrace.AlwaysSample(): 1, sdktrace.NeverSample(): 0} {
		b := newBench(t, sampler, zapcore.ErrorLevel)
		b.get(b.Route("GET /orders/{id}", answer(200)))
		if got := len(b.lines(t)); got != want {
			t.Errorf("%s: %d lines, want %d", sampler.Description(), got, want)
		}
	}
}

func TestSeriesOfSuccessAndFailureAreThereBeforeTheFirstRequest(t *testing.T) {
	b := newBench(t, sdktrace.NeverSample(), zapcore.InfoLevel)
	b.Route("GET /orders/{id}", answer(200))
	for _, series := range []struct{ code, errorType string }{{"200", ""}, {"500", "500"}, {"503", "503"}, {"500", "panic"}, {"504", "timeout"}} {
		if got := b.count(t, "/orders/{id}", series.code, series.errorType); got != "0" {
			t.Errorf("%s %s: count %s, want 0", series.code, series.errorType, got)
		}
	}
	if !strings.Contains(b.metrics(), `http_route="/orders/{id}",le="0.3"`) {
		t.Error("the objective's threshold is no bucket")
	}
}

func TestEachCodeHasItsSeries(t *testing.T) {
	b := newBench(t, sdktrace.NeverSample(), zapcore.InfoLevel)
	for code, errorType := range map[int]string{200: "", 404: "", 499: "client_gone", 500: "500", 503: "503", 504: "timeout"} {
		b.get(b.Route("GET /orders/{id}", answer(code)))
		if got := b.count(t, "/orders/{id}", strconv.Itoa(code), errorType); got != "1" {
			t.Errorf("%d: count %s, want 1", code, got)
		}
	}
}

func TestAPanicIsAnswered500CountedAndLoggedWithItsStack(t *testing.T) {
	b := newBench(t, sdktrace.AlwaysSample(), zapcore.InfoLevel)
	response := b.get(b.Route("GET /orders/{id}", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })))
	if response.Code != 500 {
		t.Errorf("answered %d, want 500", response.Code)
	}
	if got := b.count(t, "/orders/{id}", "500", "panic"); got != "1" {
		t.Errorf("count %s, want 1", got)
	}
	line := b.lines(t)[0]
	if line["msg"] != "panic" || line["error"] != "boom" || !strings.Contains(fmt.Sprint(line["stacktrace"]), "middleware_test.go") {
		t.Errorf("log line %v", line)
	}
	if line["trace_id"] != b.spans.Ended()[0].SpanContext().TraceID().String() {
		t.Errorf("log line %v without the span's trace id", line)
	}
}

func TestUnknownPathsAreOneSeries(t *testing.T) {
	b := newBench(t, sdktrace.NeverSample(), zapcore.InfoLevel)
	unknown := b.Unknown(http.NotFoundHandler())
	b.get(unknown)
	strange := httptest.NewRequest("BREW", "/coffee", nil)
	unknown.ServeHTTP(httptest.NewRecorder(), strange)
	if got := b.count(t, "/*", "404", ""); got != "1" {
		t.Errorf("count %s, want 1", got)
	}
	if text := b.metrics(); strings.Contains(text, "coffee") || strings.Contains(text, "BREW") || !strings.Contains(text, `"_OTHER"`) {
		t.Errorf("labels from what clients send:\n%s", text)
	}
}

func TestFailedExportsAreLoggedOnceAMinute(t *testing.T) {
	b := newBench(t, sdktrace.NeverSample(), zapcore.InfoLevel)
	now := time.Unix(1000, 0)
	handler := &exportErrors{log: b.tel.Log.Logger, now: func() time.Time { return now }}
	for range 3 {
		handler.Handle(errors.New("connection refused"))
	}
	now = now.Add(time.Minute)
	handler.Handle(errors.New("connection refused"))
	lines := b.lines(t)
	if len(lines) != 2 || lines[1]["suppressed"] != 2.0 {
		t.Errorf("log lines %v; want two, the second with 2 suppressed", lines)
	}
}
