package telemetry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/zap/zapcore"

	"example.com/shop/internal/spans"
)

// newKeepingBench samples with the given rule; what is stored reaches the exporter when the provider is flushed.
func newKeepingBench(t *testing.T, sampling Sampling) (*bench, func() tracetest.SpanStubs) {
	samplings := &samplings{others: sampling}
	b, exporter := newBench(t, sdktrace.NeverSample(), zapcore.InfoLevel), tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(samplings.sampler()), sdktrace.WithIDGenerator(spans.IDs{}),
		sdktrace.WithSpanProcessor(spans.NewProcessor(exporter, 100, b.tel.Registry)))
	b.tel.Tracer, b.tel.samplings = provider.Tracer("test"), samplings
	return b, func() tracetest.SpanStubs {
		if err := provider.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
		stored := exporter.GetSpans()
		_ = provider.Shutdown(t.Context())
		return stored
	}
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
				b, flush := newKeepingBench(t, test.sampling)
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
				stored := flush()
				for _, span := range stored {
					names = append(names, span.Name)
					if !span.SpanContext.IsSampled() {
						t.Errorf("%s does not say that it is sampled", span.Name)
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
				root := stored[2]
				adjusted := ""
				for _, kv := range root.Attributes {
					if kv.Key == "sampling.adjusted_count" {
						adjusted = kv.Value.String()
					}
				}
				if adjusted != test.adjusted || root.SpanContext.TraceState().String() != test.state {
					t.Errorf("adjusted count %q, tracestate %q", adjusted, root.SpanContext.TraceState())
				}
				line := b.lines(t)[0]
				if line["trace_id"] != root.SpanContext.TraceID().String() || line["trace_flags"] != "01" {
					t.Errorf("access line %v", line)
				}
			})
		})
	}
}
