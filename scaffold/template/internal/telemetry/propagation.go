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
			all = append(all, propagation.Baggage{})
		}
	}
	return propagation.NewCompositeTextMapPropagator(all...), traces, baggage
}

// withBaggage costs nothing where no client sends any.
func (t *Telemetry) withBaggage(ctx context.Context, header http.Header) context.Context {
	if !t.baggage || len(header["Baggage"]) == 0 {
		return ctx
	}
	return propagation.Baggage{}.Extract(ctx, propagation.HeaderCarrier(header))
}
