package spans

import (
	"context"
	"maps"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// AdjustedCount set to 1 on the root span says that the trace was stored for what happened in it and stands for
// itself alone. Readers prefer it to the tracestate's probability.
const AdjustedCount = attribute.Key("sampling.adjusted_count")

// Bounds of what is held: of one trace, and of all spans under way or held. A span takes about 2 kB.
const (
	maxHeldOfTrace = 128
	maxHeld        = 8192
)

// keeper holds the spans that the head decision dropped until their local root ends. When the root carries
// AdjustedCount, the whole local trace is handed on as sampled, otherwise it is forgotten. Sampled spans pass.
type keeper struct {
	sdktrace.SpanProcessor
	dropped prometheus.Counter

	mu    sync.Mutex
	open  map[trace.SpanID]*heldTrace // by the spans under way
	ended int                         // held spans of all traces
	late  int                         // spans under way whose trace has been decided
}

// heldTrace is the part of a trace that happens below one local root.
type heldTrace struct {
	spans         []sdktrace.ReadOnlySpan
	open          int // spans under way
	decided, kept bool
}

func newKeeper(next sdktrace.SpanProcessor, dropped prometheus.Counter) *keeper {
	return &keeper{SpanProcessor: next, dropped: dropped, open: make(map[trace.SpanID]*heldTrace)}
}

func (k *keeper) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	sc := span.SpanContext()
	if sc.IsSampled() {
		k.SpanProcessor.OnStart(ctx, span)
		return
	}
	parent := span.Parent()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.open)+k.ended >= maxHeld && k.late > 0 { // spans that nobody ends take no room for good
		maps.DeleteFunc(k.open, func(_ trace.SpanID, held *heldTrace) bool { return held.decided })
		k.late = 0
	}
	if len(k.open)+k.ended >= maxHeld {
		return // counted when it ends
	}
	held := k.open[parent.SpanID()]
	if isLocalRoot(parent) {
		held = new(heldTrace)
	}
	if held != nil {
		k.open[sc.SpanID()] = held
		held.open++
		if held.decided {
			k.late++
		}
	}
}

func (k *keeper) OnEnd(span sdktrace.ReadOnlySpan) {
	if span.SpanContext().IsSampled() {
		k.SpanProcessor.OnEnd(span)
		return
	}
	for _, kept := range k.end(span) {
		k.SpanProcessor.OnEnd(sampledSpan{kept})
	}
}

// end returns what is to be stored now that span has ended.
func (k *keeper) end(span sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	id := span.SpanContext().SpanID()
	k.mu.Lock()
	defer k.mu.Unlock()
	held := k.open[id]
	delete(k.open, id)
	if held != nil {
		held.open--
		if held.decided {
			k.late--
		}
	}
	if isLocalRoot(span.Parent()) {
		return k.decide(held, span)
	}
	switch {
	case held == nil, !held.decided && len(held.spans) >= maxHeldOfTrace:
		k.dropped.Inc()
	case !held.decided:
		held.spans = append(held.spans, span)
		k.ended++
	case held.kept: // a child that outlives its root
		return []sdktrace.ReadOnlySpan{span}
	}
	return nil
}

// decide ends the holding of a trace. A root to be kept is kept even when there was no room to hold its children.
func (k *keeper) decide(held *heldTrace, root sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	if held == nil {
		held = new(heldTrace)
	}
	spans := held.spans
	held.spans, held.decided, held.kept = nil, true, standsForItself(root)
	k.ended -= len(spans)
	k.late += held.open
	if !held.kept {
		return nil
	}
	return append(spans, root)
}

func standsForItself(span sdktrace.ReadOnlySpan) bool {
	for _, kv := range span.Attributes() {
		if kv.Key == AdjustedCount {
			return true
		}
	}
	return false
}

func isLocalRoot(parent trace.SpanContext) bool { return !parent.IsValid() || parent.IsRemote() }

// sampledSpan says of itself that it is sampled, or no exporter would take it.
type sampledSpan struct{ sdktrace.ReadOnlySpan }

func (s sampledSpan) SpanContext() trace.SpanContext { return AsSampled(s.ReadOnlySpan.SpanContext()) }

// AsSampled is the context of a span that was not sampled and is stored all the same.
func AsSampled(sc trace.SpanContext) trace.SpanContext {
	return sc.WithTraceFlags(sc.TraceFlags() | trace.FlagsSampled)
}
