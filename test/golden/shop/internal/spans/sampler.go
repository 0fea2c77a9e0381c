// Package spans decides which spans are stored, and counts what becomes of them.
package spans

import (
	"fmt"
	"math"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Rule says how the traces of a server span are sampled.
type Rule struct {
	Ratio        float64 // of the traces that start here, 0 to 1
	IgnoreParent bool    // decide again even when the caller has decided
	Record       bool    // record what is not sampled: it may have to be kept
}

// sampler decides once per request, by the name of its server span, which is the route's pattern.
// The decision depends on the trace id alone (consistent probability sampling), and a stored span tells
// its probability in the tracestate, so that readers know how many requests it stands for:
// https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
type sampler struct {
	byName map[string]rule
	others rule
}

// NewSampler applies rules by span name, and one to all other spans.
func NewSampler(byName map[string]Rule, others Rule) sdktrace.Sampler {
	s := &sampler{byName: make(map[string]rule, len(byName)), others: newRule(others)}
	for name, r := range byName {
		s.byName[name] = newRule(r)
	}
	return s
}

type rule struct {
	Rule
	threshold uint64 // traces with a randomness below it are dropped; 56 bits
	th        string
	state     trace.TraceState // ready-made for traces that come without any
}

func newRule(given Rule) rule {
	r := rule{Rule: given, threshold: threshold(given.Ratio)}
	r.th = "0"
	if r.threshold > 0 {
		r.th = strings.TrimRight(fmt.Sprintf("%014x", r.threshold), "0")
	}
	r.state, _ = trace.TraceState{}.Insert("ot", thresholdField+r.th)
	return r
}

const (
	randomnessRange = 1 << 56
	// thresholdDigits is the precision that the specification recommends, not counting leading f digits.
	thresholdDigits = 4
)

// threshold is the rejection threshold of a ratio between 0 and 1, rounded to a short th as the specification's
// probability_to_threshold_with_precision does.
func threshold(ratio float64) uint64 {
	if ratio == 0 {
		return randomnessRange // above any randomness
	}
	_, exponent := math.Frexp(ratio)
	digits := min(12, thresholdDigits-min(exponent, 0)/4)
	unit := uint64(1) << (4 * (14 - digits))
	rounded := (uint64((1-ratio)*randomnessRange) + unit/2) / unit * unit
	return min(rounded, randomnessRange-unit)
}

func (s *sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	if parent.IsValid() && !parent.IsRemote() { // this service has decided already
		recorded := !parent.IsSampled() && trace.SpanFromContext(p.ParentContext).IsRecording()
		return result(parent.IsSampled(), recorded, parent.TraceState())
	}
	r, ok := s.byName[p.Name]
	if !ok {
		r = s.others
	}
	sampled, state := r.decide(p.TraceID, parent)
	return result(sampled, r.Record, state)
}

// decide says whether a server span is sampled, and its tracestate. The parent is remote, or invalid for a new trace.
func (r *rule) decide(id trace.TraceID, parent trace.SpanContext) (sampled bool, state trace.TraceState) {
	state = parent.TraceState()
	random := randomness(id, state)
	if parent.IsValid() && !r.IgnoreParent {
		return parent.IsSampled(), checkedThreshold(state, random, parent.IsSampled())
	}
	if random < r.threshold {
		return false, withoutThreshold(state)
	}
	return true, r.withThreshold(state)
}

// result is what the SDK wants to hear. A span that is recorded only is never exported by the SDK itself.
func result(sampled, recorded bool, state trace.TraceState) sdktrace.SamplingResult {
	decision := sdktrace.Drop
	switch {
	case sampled:
		decision = sdktrace.RecordAndSample
	case recorded:
		decision = sdktrace.RecordOnly
	}
	return sdktrace.SamplingResult{Decision: decision, Tracestate: state}
}

func (s *sampler) Description() string { return "RouteSampler" }
