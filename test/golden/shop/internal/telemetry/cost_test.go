package telemetry

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap/zapcore"

	"example.com/shop/internal/spans"
)

const unsampledParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

// costs are the ways a request can take; allocs bounds those that most requests take. What is left: the recorder, the
// context with the span, the request's copy with that context.
var costs = []struct {
	name       string
	sampling   Sampling
	sampledLog bool
	parent     string
	status     int
	allocs     float64
}{
	{name: "unsampled, every line", sampling: Ratio(0), allocs: 4}, // 3, but a pool forgets under the race detector
	{name: "unsampled, sampled log", sampling: Ratio(0), sampledLog: true, allocs: 3},
	{name: "unsampled parent", sampling: Default, sampledLog: true, parent: unsampledParent, allocs: 3},
	{name: "5 %, sampled log", sampling: Default, sampledLog: true},
	{name: "recorded", sampling: Always},
	{name: "keep, good request", sampling: Ratio(0).KeepFailed(), sampledLog: true},
	{name: "keep, failed request", sampling: Ratio(0).KeepFailed(), sampledLog: true, status: 500},
}

// request returns one request's work, with spans exported to nowhere.
func request(tb testing.TB, sampling Sampling, sampledLog bool, parent string, status int) func() {
	log, err := NewLogger(io.Discard, "", zapcore.InfoLevel)
	if err != nil {
		tb.Fatal(err)
	}
	const pattern = "GET /orders/{id}"
	samplings, registry := &samplings{others: sampling}, prometheus.NewRegistry()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(samplings.sampler()), sdktrace.WithIDGenerator(spans.IDs{}),
		sdktrace.WithSpanProcessor(spans.NewProcessor(nowhere{}, 1<<20, registry)))
	tb.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	observe := NewMiddleware(&Telemetry{
		Log: log, Registry: registry, Propagator: propagation.TraceContext{}, Tracer: provider.Tracer("test"),
		SampledAccessLog: sampledLog, samplings: samplings,
	}, Buckets(nil))
	observe.Timeout = time.Minute
	handler := observe.Route(pattern, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if status != 0 {
			w.WriteHeader(status)
		}
	}))
	r, w := httptest.NewRequest(http.MethodGet, "/orders/7", nil), httptest.NewRecorder()
	if parent != "" {
		r.Header.Set("Traceparent", parent)
	}
	return func() { handler.ServeHTTP(w, r) }
}

type nowhere struct{}

func (nowhere) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (nowhere) Shutdown(context.Context) error                             { return nil }

func TestARequestThatIsNotSampledAllocatesLittle(t *testing.T) {
	for _, cost := range costs {
		if cost.allocs == 0 {
			continue
		}
		allocs := testing.AllocsPerRun(1000, request(t, cost.sampling, cost.sampledLog, cost.parent, cost.status))
		if allocs > cost.allocs {
			t.Errorf("%s: %v allocations, want at most %v", cost.name, allocs, cost.allocs)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	for _, cost := range costs {
		b.Run(cost.name, func(b *testing.B) {
			serve := request(b, cost.sampling, cost.sampledLog, cost.parent, cost.status)
			b.ReportAllocs()
			for b.Loop() {
				serve()
			}
		})
	}
}
