package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap/zapcore"
)

// newKeepingBench samples with the given rule; what reaches b.spans would be exported.
func newKeepingBench(t *testing.T, sampling Sampling) (*bench, *keeper) {
	table := map[string]Sampling{"GET /orders/{id}": sampling}
	s, err := newSampler(table, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, s, zapcore.InfoLevel)
	k := newKeeper(b.spans, newSpanMetrics(b.tel.Registry).processed.WithLabelValues(holding, queueFull))
	b.tel.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSampler(s), sdktrace.WithSpanProcessor(k)).Tracer("test")
	b.tel.sampler = s
	return b, k
}

func TestATraceIsKeptForWhatHappenedInIt(t *testing.T) {
	const unsampledCaller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	for _, test := range []struct {
		name     string
		sampling Sampling
		headers  []string
		code     int
		takes    time.Duration
		kept     bool
		adjusted string
		state    string
	}{
		{"failed", Ratio(0).KeepFailed(), nil, 500, 0, true, "1", ""},
		{"timed out", Ratio(0).KeepFailed(), nil, 504, 0, true, "1", ""},
		{"well", Ratio(0).KeepFailed(), nil, 200, 0, false, "", ""},
		{"refused for the client's fault", Ratio(0).KeepFailed(), nil, 404, 0, false, "", ""},
		{"left by the client", Ratio(0).KeepFailed(), nil, 499, 0, false, "", ""},
		{"slow", Ratio(0).KeepSlow(time.Second), nil, 200, 2 * time.Second, true, "1", ""},
		{"fast enough", Ratio(0).KeepSlow(time.Second), nil, 500, time.Second, false, "", ""},
		{"slow under a rule for failures", Ratio(0).KeepFailed(), nil, 200, time.Minute, false, "", ""},
		{"failed without a rule", Ratio(0), nil, 500, time.Minute, false, "", ""},
		{"failed, sampled too", Ratio(1).KeepFailed(), nil, 500, 0, true, "1", "ot=th:0"},
		{"well, sampled", Ratio(1).KeepFailed(), nil, 200, 0, true, "", "ot=th:0"},
		{"failed, dropped by the caller", Ratio(1).KeepFailed(), []string{"traceparent", unsampledCaller, "tracestate", "ot=th:fd70a;x:1"}, 500, 0, true, "1", "ot=x:1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, _ := newKeepingBench(t, test.sampling)
				b.tel.SampledAccessLog = true
				b.get(b.Route("GET /orders/{id}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					ctx, child := b.tel.Tracer.Start(r.Context(), "child")
					_, grandchild := b.tel.Tracer.Start(ctx, "grandchild")
					if test.sampling.ratio == 0 && Exemplar(ctx) != nil {
						t.Error("an exemplar before it is known that the trace is stored")
					}
					grandchild.End()
					child.End()
					time.Sleep(test.takes)
					w.WriteHeader(test.code)
				})), test.headers...)

				var names []string
				for _, span := range b.spans.Ended() {
					names = append(names, span.Name())
					if !span.SpanContext().IsSampled() {
						t.Errorf("%s does not say that it is sampled", span.Name())
					}
				}
				want := map[bool]string{true: "[grandchild child GET /orders/{id}]", false: "[]"}[test.kept]
				if fmt.Sprint(names) != want {
					t.Fatalf("stored %v, want %s", names, want)
				}
				if exemplars := strings.Count(b.metrics(), `trace_id="`); (exemplars == 1) != test.kept {
					t.Errorf("%d exemplars", exemplars)
				}
				if !test.kept {
					return
				}
				root := b.spans.Ended()[2]
				adjusted := ""
				for _, kv := range root.Attributes() {
					if kv.Key == "sampling.adjusted_count" {
						adjusted = kv.Value.String()
					}
				}
				if adjusted != test.adjusted || root.SpanContext().TraceState().String() != test.state {
					t.Errorf("adjusted count %q, tracestate %q", adjusted, root.SpanContext().TraceState())
				}
				line := b.lines(t)[0]
				if line["trace_id"] != root.SpanContext().TraceID().String() || line["trace_flags"] != "01" {
					t.Errorf("access line %v", line)
				}
			})
		})
	}
}

func TestTwoRequestsOfOneTraceAreKeptApart(t *testing.T) {
	b, k := newKeepingBench(t, Ratio(0).KeepFailed())
	caller := trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}))
	begin := func() (root, child trace.Span) {
		ctx, root := b.tel.Tracer.Start(caller, "GET /orders/{id}")
		_, child = b.tel.Tracer.Start(ctx, "child")
		return root, child
	}
	failing, failingChild := begin()
	good, goodChild := begin()
	goodChild.End()
	failing.SetAttributes(adjustedCount.Int(1))
	failing.End()
	failingChild.End() // outlives its root
	good.End()
	if stored := len(b.spans.Ended()); stored != 2 || b.spans.Ended()[1].Parent().SpanID() != failing.SpanContext().SpanID() {
		t.Errorf("%d spans stored, want the failed root and its child", stored)
	}
	if len(k.open) != 0 || k.ended != 0 {
		t.Errorf("%d and %d spans are still held", len(k.open), k.ended)
	}
}

func TestWhatIsHeldIsBounded(t *testing.T) {
	b, k := newKeepingBench(t, Ratio(0).KeepFailed())
	start := func(ctx context.Context) (context.Context, trace.Span) {
		return b.tel.Tracer.Start(ctx, "GET /orders/{id}")
	}
	ctx, root := start(t.Context())
	for range maxHeldOfTrace + 3 {
		_, child := start(ctx)
		child.End()
	}
	dropped := value(t, b.tel.Registry, "otel_sdk_processor_span_processed_total", map[string]string{"otel_component_type": holding, "error_type": queueFull})
	if dropped != 3 || k.ended != maxHeldOfTrace {
		t.Errorf("%d held, %v dropped", k.ended, dropped)
	}
	for len(k.open)+k.ended < maxHeld {
		start(t.Context()) // never ends
	}
	_, late := start(t.Context())
	late.SetAttributes(adjustedCount.Int(1))
	late.End()
	if len(b.spans.Ended()) != 1 {
		t.Error("a failed root is lost because there is no room for children")
	}
	root.SetAttributes(adjustedCount.Int(1))
	root.End()
	if stored := len(b.spans.Ended()); stored != 1+maxHeldOfTrace+1 || k.ended != 0 {
		t.Errorf("%d stored, %d still held", stored, k.ended)
	}
}
