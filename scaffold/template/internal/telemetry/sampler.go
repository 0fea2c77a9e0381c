package telemetry

import (
	"errors"
	"fmt"
	"math"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// sampler decides once per request, by the name of its server span, which is the route's pattern.
// The decision depends on the trace id alone (consistent probability sampling), and a stored span tells
// its probability in the tracestate, so that readers know how many requests it stands for:
// https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
type sampler struct {
	byName map[string]rule
	others rule
}

type rule struct {
	Sampling
	threshold uint64 // traces with a randomness below it are dropped; 56 bits
	th        string
	state     trace.TraceState // ready-made for traces that come without any
}

// newSampler takes the route table's samplings by span name. OTEL_TRACES_SAMPLER, when set, overrides all of it,
// and TRACE_SAMPLING the routes that it names.
func newSampler(table map[string]Sampling, getenv func(string) string) (*sampler, error) {
	var problems []error
	s := &sampler{byName: make(map[string]rule, len(table)), others: newRule(Default)}
	if name := getenv("OTEL_TRACES_SAMPLER"); name != "" {
		override, err := samplingFromEnv(name, getenv("OTEL_TRACES_SAMPLER_ARG"))
		if err != nil {
			problems = append(problems, err)
		}
		s.others = newRule(override)
	} else {
		for name, sampling := range table {
			if !(sampling.ratio >= 0 && sampling.ratio <= 1) {
				problems = append(problems, fmt.Errorf("route %q: sampling ratio %v is not between 0 and 1", name, sampling.ratio))
				continue
			}
			s.byName[name] = newRule(sampling)
		}
	}
	overrides, err := parseOverrides(getenv("TRACE_SAMPLING"), table)
	for name, sampling := range overrides {
		s.byName[name] = newRule(sampling)
	}
	return s, errors.Join(append(problems, err)...)
}

func newRule(sampling Sampling) rule {
	r := rule{Sampling: sampling, threshold: threshold(sampling.ratio)}
	r.th = "0"
	if r.threshold > 0 {
		r.th = strings.TrimRight(fmt.Sprintf("%014x", r.threshold), "0")
	}
	r.state, _ = trace.TraceState{}.Insert("ot", "th:"+r.th)
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

func (s *sampler) rule(name string) rule {
	if r, ok := s.byName[name]; ok {
		return r
	}
	return s.others
}

func (s *sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	state := parent.TraceState()
	if parent.IsValid() && !parent.IsRemote() { // this service has decided already
		recorded := !parent.IsSampled() && trace.SpanFromContext(p.ParentContext).IsRecording()
		return result(parent.IsSampled(), recorded, state)
	}
	r := s.rule(p.Name)
	random := randomness(p.TraceID, state)
	if parent.IsValid() && !r.ignoreParent {
		return result(parent.IsSampled(), r.mayKeep(), checkedThreshold(state, random, parent.IsSampled()))
	}
	if random < r.threshold {
		return result(false, r.mayKeep(), withoutThreshold(state))
	}
	return result(true, false, r.withThreshold(state))
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
