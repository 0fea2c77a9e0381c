package spans

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestSpansAreExportedAsTextWhateverClientsSend(t *testing.T) {
	stored := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(stored)).Tracer("test")
	_, good := tracer.Start(t.Context(), "good")
	good.SetAttributes(attribute.String("a", "é"), attribute.Int("n", 1))
	good.End()
	_, bad := tracer.Start(t.Context(), "bad\xff")
	bad.SetAttributes(attribute.String("a", "caf\xe9"), attribute.StringSlice("b", []string{"\xfe", "ok"}), attribute.Int("n", 1))
	bad.RecordError(errors.New("no such file: \xff"))
	bad.SetStatus(codes.Error, "\xff")
	bad.End()

	ended := stored.Ended()
	batch := valid([]sdktrace.ReadOnlySpan{ended[0], ended[1]})
	if batch[0] != ended[0] {
		t.Error("a good span was wrapped")
	}
	all := []string{batch[1].Name(), batch[1].Status().Description}
	for _, kv := range batch[1].Attributes() {
		all = append(all, kv.Value.String())
	}
	for _, event := range batch[1].Events() {
		for _, kv := range event.Attributes {
			all = append(all, event.Name, kv.Value.String())
		}
	}
	for _, text := range all {
		if !utf8.ValidString(text) {
			t.Errorf("%q is no text", text)
		}
	}
	if joined := strings.Join(all, " "); !strings.Contains(joined, "caf\uFFFD") || !strings.Contains(joined, "1") {
		t.Errorf("exported %q", joined)
	}
	if !strings.Contains(ended[1].Attributes()[0].Value.AsString(), "\xe9") {
		t.Error("the span itself was changed")
	}
}
