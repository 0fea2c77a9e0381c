package telemetry

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Sampling says which share of a route's requests have their trace stored.
type Sampling struct {
	ratio        float64 // of the traces that start here
	ignoreParent bool    // decide again even when the caller has decided
}

// Ratio stores this share (0 to 1) of the traces that start here and follows the caller's decision otherwise.
func Ratio(share float64) Sampling { return Sampling{ratio: share} }

var (
	// Default suits routes of which a sample tells enough.
	Default = Ratio(0.05)
	// Always stores every trace of a route, even when its caller decided not to.
	Always = Sampling{ratio: 1, ignoreParent: true}
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
	state     trace.TraceState // ready-made for traces without a parent
}

const randomnessRange = 1 << 56

// newSampler takes the route table's samplings by span name. OTEL_TRACES_SAMPLER, when set, overrides all of it.
func newSampler(table map[string]Sampling, getenv func(string) string) (sdktrace.Sampler, error) {
	if name := getenv("OTEL_TRACES_SAMPLER"); name != "" {
		override, err := samplingFromEnv(name, getenv("OTEL_TRACES_SAMPLER_ARG"))
		if err != nil {
			return nil, err
		}
		return &sampler{others: newRule(override)}, nil
	}
	s := &sampler{byName: make(map[string]rule, len(table)), others: newRule(Default)}
	for name, sampling := range table {
		if sampling.ratio < 0 || sampling.ratio > 1 {
			return nil, fmt.Errorf("route %q: sampling ratio %v is not between 0 and 1", name, sampling.ratio)
		}
		s.byName[name] = newRule(sampling)
	}
	return s, nil
}

func samplingFromEnv(name, arg string) (Sampling, error) {
	base, parentBased := strings.CutPrefix(strings.ToLower(name), "parentbased_")
	sampling := Sampling{ignoreParent: !parentBased}
	switch base {
	case "always_on":
		sampling.ratio = 1
	case "always_off":
	case "traceidratio":
		if arg == "" {
			arg = "1"
		}
		ratio, err := strconv.ParseFloat(arg, 64)
		if err != nil || math.IsNaN(ratio) || ratio < 0 || ratio > 1 {
			return Sampling{}, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG=%s: give a ratio between 0 and 1", arg)
		}
		sampling.ratio = ratio
	default:
		return Sampling{}, fmt.Errorf("OTEL_TRACES_SAMPLER=%s is unknown: use always_on, always_off, traceidratio "+
			"or one of them with parentbased_ before it", name)
	}
	return sampling, nil
}

func newRule(sampling Sampling) rule {
	r := rule{Sampling: sampling, threshold: uint64((1 - sampling.ratio) * randomnessRange)}
	r.th = "0"
	if r.threshold > 0 {
		r.th = strings.TrimRight(fmt.Sprintf("%014x", r.threshold), "0")
	}
	r.state, _ = trace.TraceState{}.Insert("ot", "th:"+r.th)
	return r
}

func (s *sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	state := parent.TraceState()
	r, ok := s.byName[p.Name]
	if !ok {
		r = s.others
	}
	inside := parent.IsValid() && !parent.IsRemote() // this service has decided already
	if inside || parent.IsValid() && !r.ignoreParent {
		if parent.IsSampled() {
			return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample, Tracestate: state}
		}
		return sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: state}
	}
	if randomness(p.TraceID, state) < r.threshold {
		return sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: state}
	}
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample, Tracestate: r.withThreshold(state)}
}

func (s *sampler) Description() string { return "RouteSampler" }

// randomness is the 56 bits that every participant of a trace shares: an explicit rv, or the end of the trace id.
func randomness(id trace.TraceID, state trace.TraceState) uint64 {
	for field := range strings.SplitSeq(state.Get("ot"), ";") {
		if hex, found := strings.CutPrefix(field, "rv:"); found && len(hex) == 14 {
			if rv, err := strconv.ParseUint(hex, 16, 64); err == nil {
				return rv
			}
		}
	}
	return binary.BigEndian.Uint64(id[8:]) % randomnessRange
}

// withThreshold sets th in the tracestate's ot member and keeps what else is there.
func (r rule) withThreshold(state trace.TraceState) trace.TraceState {
	if state.Len() == 0 {
		return r.state
	}
	member := "th:" + r.th
	for field := range strings.SplitSeq(state.Get("ot"), ";") {
		if field != "" && !strings.HasPrefix(field, "th:") {
			member += ";" + field
		}
	}
	if merged, err := state.Insert("ot", member); err == nil {
		return merged
	}
	return r.state
}
