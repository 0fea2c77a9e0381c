package spans

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// valid makes every text of the spans valid UTF-8: one that is not, often chosen by a client, would make the exporter
// lose the whole batch.
func valid(batch []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	for i, span := range batch {
		if !isValid(span) {
			batch[i] = validSpan{span}
		}
	}
	return batch
}

func isValid(span sdktrace.ReadOnlySpan) bool {
	for _, event := range span.Events() {
		if !utf8.ValidString(event.Name) || slices.ContainsFunc(event.Attributes, invalid) {
			return false
		}
	}
	return utf8.ValidString(span.Name()) && utf8.ValidString(span.Status().Description) &&
		!slices.ContainsFunc(span.Attributes(), invalid)
}

func invalid(kv attribute.KeyValue) bool {
	if kv.Value.Type() == attribute.STRINGSLICE {
		return slices.ContainsFunc(kv.Value.AsStringSlice(), func(s string) bool { return !utf8.ValidString(s) })
	}
	return kv.Value.Type() == attribute.STRING && !utf8.ValidString(kv.Value.AsString())
}

// validSpan says the same as the span, with U+FFFD for what is no UTF-8.
type validSpan struct{ sdktrace.ReadOnlySpan }

func (s validSpan) Name() string { return text(s.ReadOnlySpan.Name()) }

func (s validSpan) Status() sdktrace.Status {
	status := s.ReadOnlySpan.Status()
	status.Description = text(status.Description)
	return status
}

func (s validSpan) Attributes() []attribute.KeyValue { return texts(s.ReadOnlySpan.Attributes()) }

func (s validSpan) Events() []sdktrace.Event {
	events := slices.Clone(s.ReadOnlySpan.Events())
	for i := range events {
		events[i].Name, events[i].Attributes = text(events[i].Name), texts(events[i].Attributes)
	}
	return events
}

func texts(attributes []attribute.KeyValue) []attribute.KeyValue {
	attributes = slices.Clone(attributes)
	for i, kv := range attributes {
		if kv.Value.Type() == attribute.STRING {
			attributes[i].Value = attribute.StringValue(text(kv.Value.AsString()))
		}
		if kv.Value.Type() == attribute.STRINGSLICE {
			values := kv.Value.AsStringSlice()
			for j := range values {
				values[j] = text(values[j])
			}
			attributes[i].Value = attribute.StringSliceValue(values)
		}
	}
	return attributes
}

func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
