package telemetry

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap/zapcore"
)

// validParent is version 00 of https://www.w3.org/TR/trace-context/#traceparent-header; zero ids are refused apart.
var validParent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-0[0-3]$`)

// FuzzTraceparent sends any headers through the middleware of a route that follows its caller.
func FuzzTraceparent(f *testing.F) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, seed := range [][2]string{
		{"00-" + id + "-00f067aa0ba902b7-01", "a=b,ot=th:8;rv:ffffffffffffff,c=d"},
		{"00-" + id + "-00f067aa0ba902b7-00", "ot=th:8"},
		{"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01", ""},
		{"00-" + strings.ToUpper(id) + "-00f067aa0ba902b7-01", "A=b"},
		{"cc-" + id + "-00f067aa0ba902b7-01-more", "a=" + strings.Repeat("b", 300)},
		{"00-" + id + "-00f067aa0ba902b7", ",,,"}, {"", "ot=th:0"}, {"00", "ot=;;th:;"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, traceparent, tracestate string) {
		b := newBench(t, (&samplings{others: Ratio(1)}).sampler(), zapcore.InfoLevel)
		var passedOn trace.SpanContext
		r := httptest.NewRequest(http.MethodGet, "/orders/7", nil)
		r.Header["Traceparent"], r.Header["Tracestate"] = []string{traceparent}, []string{tracestate}
		extracted := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(r.Header))
		lenient := strings.HasPrefix(traceparent, "00-") && strings.HasSuffix(traceparent, "-") // against the recommendation
		if want, got := trace.SpanContextFromContext(extracted), remoteParent(r.Header); !got.Equal(want) && !lenient {
			t.Fatalf("traceparent %q, tracestate %q: parent %+v, OpenTelemetry extracts %+v", traceparent, tracestate, got, want)
		}
		b.Route("GET /orders/{id}", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			header := make(http.Header)
			b.tel.Propagator.Inject(r.Context(), propagation.HeaderCarrier(header))
			passedOn = trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(header)))
		})).ServeHTTP(httptest.NewRecorder(), r)

		parent := validParent.FindStringSubmatch(traceparent)
		valid := parent != nil && strings.Trim(parent[1], "0") != "" && strings.Trim(parent[2], "0") != ""
		followed := parent != nil && passedOn.TraceID().String() == parent[1]
		if !passedOn.IsValid() || valid != followed && strings.HasPrefix(traceparent, "00") {
			t.Fatalf("traceparent %q: followed %v; passed on %+v", traceparent, followed, passedOn)
		}
		if want := !valid || strings.HasSuffix(traceparent, "1") || strings.HasSuffix(traceparent, "3"); strings.HasPrefix(traceparent, "00") && passedOn.IsSampled() != want {
			t.Fatalf("traceparent %q: sampled %v", traceparent, passedOn.IsSampled())
		}
		if sent, err := trace.ParseTraceState(tracestate); err == nil && valid {
			sent.Walk(func(key, value string) bool {
				if key != "ot" && passedOn.TraceState().Get(key) != value {
					t.Fatalf("tracestate %q became %q", tracestate, passedOn.TraceState())
				}
				return true
			})
		}
		if len(b.lines(t)) != 1 || b.count(t, "/orders/{id}", "200", "") != "1" {
			t.Fatalf("traceparent %q: log %s", traceparent, b.logs.String())
		}
	})
}
