package spans

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// newTestKeeper keeps spans of a tracer that samples none and records all; what is kept reaches the recorder.
func newTestKeeper() (*keeper, *tracetest.SpanRecorder, trace.Tracer) {
	stored := tracetest.NewSpanRecorder()
	k := newKeeper(stored, newMetrics(prometheus.NewRegistry()).processed.WithLabelValues(holding, queueFull))
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(NewSampler(nil, Rule{Record: true})), sdktrace.WithSpanProcessor(k))
	return k, stored, provider.Tracer("test")
}

func TestTwoRequestsOfOneTraceAreKeptApart(t *testing.T) {
	k, stored, tracer := newTestKeeper()
	caller := trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}))
	begin := func() (root, child trace.Span) {
		ctx, root := tracer.Start(caller, "GET /orders/{id}")
		_, child = tracer.Start(ctx, "child")
		return root, child
	}
	failing, failingChild := begin()
	good, goodChild := begin()
	goodChild.End()
	failing.SetAttributes(AdjustedCount.Int(1))
	failing.End()
	failingChild.End() // outlives its root
	good.End()
	if n := len(stored.Ended()); n != 2 || stored.Ended()[1].Parent().SpanID() != failing.SpanContext().SpanID() {
		t.Errorf("%d spans stored, want the failed root and its child", n)
	}
	if len(k.open) != 0 || k.ended != 0 {
		t.Errorf("%d and %d spans are still held", len(k.open), k.ended)
	}
}

func TestWhatIsHeldIsBounded(t *testing.T) {
	k, stored, tracer := newTestKeeper()
	start := func(ctx context.Context) (context.Context, trace.Span) {
		return tracer.Start(ctx, "GET /orders/{id}")
	}
	ctx, root := start(t.Context())
	for range maxHeldOfTrace + 3 {
		_, child := start(ctx)
		child.End()
	}
	dropped := counted(t, k.dropped)
	if dropped != 3 || k.ended != maxHeldOfTrace {
		t.Errorf("%d held, %v dropped", k.ended, dropped)
	}
	for len(k.open)+k.ended < maxHeld {
		start(t.Context()) // never ends
	}
	_, late := start(t.Context())
	late.SetAttributes(AdjustedCount.Int(1))
	late.End()
	if len(stored.Ended()) != 1 {
		t.Error("a failed root is lost because there is no room for children")
	}
	root.SetAttributes(AdjustedCount.Int(1))
	root.End()
	if n := len(stored.Ended()); n != 1+maxHeldOfTrace+1 || k.ended != 0 {
		t.Errorf("%d stored, %d still held", n, k.ended)
	}
}

// counted is the value of a counter.
func counted(t *testing.T, counter prometheus.Counter) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(alone{counter})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families[0].GetMetric()[0].GetCounter().GetValue()
}

// alone collects one series of a vector.
type alone struct{ prometheus.Metric }

func (a alone) Describe(descs chan<- *prometheus.Desc) { descs <- a.Desc() }
func (a alone) Collect(out chan<- prometheus.Metric)   { out <- a.Metric }

func TestSpansThatNobodyEndsTakeNoRoomForGood(t *testing.T) {
	k, stored, tracer := newTestKeeper()
	for range 2 * maxHeld {
		ctx, root := tracer.Start(t.Context(), "GET /a")
		tracer.Start(ctx, "forgotten")
		root.End()
	}
	ctx, root := tracer.Start(t.Context(), "GET /b")
	_, child := tracer.Start(ctx, "child")
	child.End()
	root.SetAttributes(AdjustedCount.Int(1))
	root.End()
	if len(stored.Ended()) != 2 || len(k.open) >= maxHeld {
		t.Errorf("%d spans of the failed request stored, want 2; %d under way", len(stored.Ended()), len(k.open))
	}
}
