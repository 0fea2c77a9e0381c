package spans

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	"go.opentelemetry.io/otel/trace"
)

// Head decides about the server spans of one route before the SDK makes them: most are not sampled, and an id is all
// that is needed of those.
type Head struct{ rule rule }

// NewHead decides as NewSampler's sampler does for spans with this rule.
func NewHead(r Rule) *Head { return &Head{newRule(r)} }

// Decide gives a new span its context. When it is to be recorded, the SDK starts it, from ContextWithTraceID.
func (h *Head) Decide(parent trace.SpanContext) (sc trace.SpanContext, record bool) {
	id := parent.TraceID()
	if !parent.IsValid() {
		id = newTraceID()
	}
	sampled, state := h.rule.decide(id, parent)
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: newSpanID(), TraceFlags: parent.TraceFlags().WithSampled(sampled), TraceState: state,
	}), sampled || h.rule.Record
}

type traceIDKey struct{}

// ContextWithTraceID makes IDs give the next trace that starts in ctx this id, for which the decision was made.
func ContextWithTraceID(ctx context.Context, id trace.TraceID) context.Context {
	return context.WithValue(ctx, traceIDKey{}, &id)
}

// IDs draws random ids for the SDK, as its own generator does, unless ContextWithTraceID has set one.
type IDs struct{}

// NewIDs is asked for a trace that starts.
func (IDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if given, ok := ctx.Value(traceIDKey{}).(*trace.TraceID); ok && given.IsValid() {
		id := *given
		*given = trace.TraceID{} // once: a root that is started later, below this one, is a trace of its own
		return id, newSpanID()
	}
	return newTraceID(), newSpanID()
}

// NewSpanID is asked for a span in a trace.
func (IDs) NewSpanID(context.Context, trace.TraceID) trace.SpanID { return newSpanID() }

func newTraceID() (id trace.TraceID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id
}

func newSpanID() (id trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}
