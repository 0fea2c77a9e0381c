package telemetry

import (
	"io"
	"net/http"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.uber.org/zap/zapcore"
)

func TestInstrumentationAddedLaterJoinsTheTraces(t *testing.T) {
	log, err := NewLogger(io.Discard, "", zapcore.InfoLevel)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"OTEL_TRACES_SAMPLER": "always_on"}
	tel, err := New(t.Context(), Config{Service: "shop", Getenv: func(name string) string { return env[name] }}, log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tel.Shutdown(t.Context()) }()

	ctx, ours := tel.Tracer.Start(t.Context(), "ours")
	ctx, theirs := otel.Tracer("an instrumentation").Start(ctx, "theirs")
	if !theirs.IsRecording() || theirs.SpanContext().TraceID() != ours.SpanContext().TraceID() {
		t.Errorf("span %+v is not recorded in trace %s", theirs.SpanContext(), ours.SpanContext().TraceID())
	}
	header := make(http.Header)
	otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(header))
	if header.Get("Traceparent") == "" {
		t.Error("the trace is not passed on")
	}
}
