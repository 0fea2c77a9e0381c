package telemetry

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"example.com/shop/internal/spans"
)

// Sampling says which traces of a route are stored.
type Sampling struct {
	ratio        float64 // of the traces that start here
	ignoreParent bool    // decide again even when the caller has decided
	keepFailed   bool
	keepSlow     time.Duration // 0: however slow
}

// Ratio stores this share (0 to 1) of the traces that start here and follows the caller's decision otherwise.
func Ratio(share float64) Sampling { return Sampling{ratio: share} }

var (
	// Default suits routes of which a sample tells enough.
	Default = Ratio(0.05)
	// Always stores every trace of a route, even when its caller decided not to.
	Always = Sampling{ratio: 1, ignoreParent: true}
)

// IgnoreParent decides again even when the caller has decided: for routes that strangers call, whose traceparent would
// otherwise say what is stored here.
func (s Sampling) IgnoreParent() Sampling {
	s.ignoreParent = true
	return s
}

// KeepFailed stores the traces of failed requests too: 5xx, panic and timeout. To know them at the end, the spans of
// every request of the route are recorded and held: BenchmarkRequest tells the price, several times that of a request
// that is dropped at once.
func (s Sampling) KeepFailed() Sampling {
	s.keepFailed = true
	return s
}

// KeepSlow stores the traces of requests that take longer than this too, at the price of KeepFailed.
func (s Sampling) KeepSlow(than time.Duration) Sampling {
	s.keepSlow = than
	return s
}

// keeps says whether the trace of a request is stored for what happened in it.
func (s Sampling) keeps(failed bool, took time.Duration) bool {
	return s.keepFailed && failed || s.keepSlow > 0 && took > s.keepSlow
}

// samplings are those of the route table after the environment's say.
type samplings struct {
	byPattern map[string]Sampling
	others    Sampling
}

// CheckSampling tells everything that is wrong in the table or in the variables that override it.
func CheckSampling(table map[string]Sampling, getenv func(string) string) error {
	_, err := newSamplings(table, getenv)
	return err
}

// newSamplings takes the route table's by pattern. OTEL_TRACES_SAMPLER, when set, overrides all of it, and
// TRACE_SAMPLING the routes that it names.
func newSamplings(table map[string]Sampling, getenv func(string) string) (*samplings, error) {
	var problems []error
	s := &samplings{byPattern: make(map[string]Sampling), others: Default}
	maps.Copy(s.byPattern, table)
	for pattern, sampling := range table {
		if !(sampling.ratio >= 0 && sampling.ratio <= 1) {
			problems = append(problems, fmt.Errorf("route %q: sampling ratio %v is not between 0 and 1", pattern, sampling.ratio))
		}
	}
	if name := getenv("OTEL_TRACES_SAMPLER"); name != "" {
		override, err := samplingFromEnv(name, getenv("OTEL_TRACES_SAMPLER_ARG"))
		if err != nil {
			problems = append(problems, err)
		}
		s = &samplings{byPattern: make(map[string]Sampling), others: override}
	}
	overrides, err := parseOverrides(getenv("TRACE_SAMPLING"), table)
	maps.Copy(s.byPattern, overrides)
	return s, errors.Join(append(problems, err)...)
}

// of is the sampling of a span name.
func (s *samplings) of(name string) Sampling {
	if sampling, ok := s.byPattern[name]; ok {
		return sampling
	}
	return s.others
}

func (s *samplings) sampler() sdktrace.Sampler {
	rules := make(map[string]spans.Rule, len(s.byPattern))
	for pattern, sampling := range s.byPattern {
		rules[pattern] = sampling.rule()
	}
	return spans.NewSampler(rules, s.others.rule())
}

func (s Sampling) rule() spans.Rule {
	return spans.Rule{Ratio: s.ratio, IgnoreParent: s.ignoreParent, Record: s.keepFailed || s.keepSlow > 0}
}

// samplingFromEnv overrides the whole table: OTEL_TRACES_SAMPLER as OpenTelemetry specifies it.
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
		ratio, ok := parseRatio(arg)
		if !ok {
			return Sampling{}, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG=%s: give a ratio between 0 and 1", arg)
		}
		sampling.ratio = ratio
	default:
		return Sampling{}, fmt.Errorf("OTEL_TRACES_SAMPLER=%s is unknown: use always_on, always_off, traceidratio "+
			"or one of them with parentbased_ before it", name)
	}
	return sampling, nil
}

// parseOverrides reads TRACE_SAMPLING: `GET /orders/{id}=0.5, POST /orders=always+failed+slow:250ms`.
func parseOverrides(text string, table map[string]Sampling) (map[string]Sampling, error) {
	overrides := make(map[string]Sampling)
	var problems []error
	for entry := range strings.SplitSeq(text, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		pattern, value, _ := strings.Cut(entry, "=")
		pattern = strings.Join(strings.Fields(pattern), " ")
		sampling, ok := parseSampling(value)
		if _, known := table[pattern]; !known {
			problems = append(problems, fmt.Errorf("TRACE_SAMPLING: no route %q; there are %s",
				pattern, strings.Join(slices.Sorted(maps.Keys(table)), ", ")))
		} else if !ok {
			problems = append(problems, fmt.Errorf("TRACE_SAMPLING: %q: give %s=RATIO with a ratio between 0 and 1 or `always`, "+
				"and after it, if wanted, +failed and +slow:250ms", entry, pattern))
		}
		overrides[pattern] = sampling
	}
	return overrides, errors.Join(problems...)
}

func parseSampling(text string) (Sampling, bool) {
	share, rest, more := strings.Cut(strings.TrimSpace(text), "+")
	sampling := Always
	if share != "always" {
		ratio, ok := parseRatio(share)
		if !ok {
			return Sampling{}, false
		}
		sampling = Ratio(ratio)
	}
	for more {
		var word string
		word, rest, more = strings.Cut(rest, "+")
		if word == "failed" {
			sampling = sampling.KeepFailed()
			continue
		}
		limit, isSlow := strings.CutPrefix(word, "slow:")
		than, err := time.ParseDuration(limit)
		if !isSlow || err != nil || than <= 0 {
			return Sampling{}, false
		}
		sampling = sampling.KeepSlow(than)
	}
	return sampling, true
}

func parseRatio(text string) (float64, bool) {
	ratio, err := strconv.ParseFloat(text, 64)
	return ratio, err == nil && ratio >= 0 && ratio <= 1 // NaN is neither
}
