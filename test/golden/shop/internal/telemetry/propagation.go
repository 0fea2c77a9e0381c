package telemetry

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/propagation"
)

// newPropagator passes on what OTEL_PROPAGATORS names, and by default the trace alone. The specification's default has
// baggage too: what any client says would go to every service that is called.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration
func newPropagator(names string) (passedOn propagation.TextMapPropagator, traces, baggage bool) {
	if names = strings.TrimSpace(names); names == "" {
		return propagation.TraceContext{}, true, false
	}
	var all []propagation.TextMapPropagator
	for name := range strings.SplitSeq(names, ",") {
		switch strings.TrimSpace(name) {
		case "tracecontext":
			traces = true
			all = append(all, propagation.TraceContext{})
		case "baggage":
			baggage = true
			all = append(all, passBaggage{})
		}
	}
	return propagation.NewCompositeTextMapPropagator(all...), traces, baggage
}

// maxBaggage is what the recommendation asks to pass on at least: https://www.w3.org/TR/baggage/#limits
const maxBaggage = 8192

type baggageKey struct{}

// withBaggage costs nothing where no client sends any.
func (t *Telemetry) withBaggage(ctx context.Context, header http.Header) context.Context {
	if !t.baggage || len(header["Baggage"]) == 0 {
		return ctx
	}
	text := strings.Join(header["Baggage"], ",")
	if len(text) > maxBaggage {
		return ctx
	}
	return context.WithValue(ctx, baggageKey{}, text)
}

// passBaggage passes on the header as it came. propagation.Baggage would take it apart for code that reads it, which
// makes the binary 40 kB larger: take that one when yours does.
type passBaggage struct{}

// Inject writes the header.
func (passBaggage) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	if text, ok := ctx.Value(baggageKey{}).(string); ok {
		carrier.Set("baggage", text)
	}
}

// Extract reads the header.
func (passBaggage) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	if text := carrier.Get("baggage"); text != "" && len(text) <= maxBaggage {
		return context.WithValue(ctx, baggageKey{}, text)
	}
	return ctx
}

// Fields is the name of the header.
func (passBaggage) Fields() []string { return []string{"baggage"} }
