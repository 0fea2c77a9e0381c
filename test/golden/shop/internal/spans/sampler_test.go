package spans

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The table of https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/#converting-floating-point-probability-to-threshold-value
// at the precision that it recommends, 4.
func TestThresholdsAreThoseOfTheSpecification(t *testing.T) {
	for n, want := range map[float64]string{
		1: "0", 2: "8", 3: "aaab", 4: "c", 5: "cccd", 8: "e", 10: "e666", 16: "f", 100: "fd70a",
		1_000: "ffbe77", 10_000: "fff9724", 100_000: "ffff583a", 1_000_000: "ffffef39",
	} {
		if got := newRule(Rule{Ratio: 1 / n}).th; got != want {
			t.Errorf("1 in %v: th:%s, want th:%s", n, got, want)
		}
	}
	if r := newRule(Rule{}); r.threshold != randomnessRange {
		t.Errorf("ratio 0 has the threshold %x: it must be above any randomness", r.threshold)
	}
}

// TestStoredTracesStandForAll draws trace ids, then adds up what the stored ones say they stand for.
func TestStoredTracesStandForAll(t *testing.T) {
	const requests = 200_000
	random := rand.New(rand.NewPCG(1, 2))
	for _, ratio := range []float64{0.5, 0.25, 0.05, 0.01, 1.0 / 3} {
		s := NewSampler(nil, Rule{Ratio: ratio})
		stored, adjusted := 0.0, 0.0
		for range requests {
			var id trace.TraceID
			binary.BigEndian.PutUint64(id[:8], random.Uint64())
			binary.BigEndian.PutUint64(id[8:], random.Uint64())
			got := s.ShouldSample(sdktrace.SamplingParameters{ParentContext: t.Context(), TraceID: id})
			if got.Decision == sdktrace.RecordAndSample {
				stored++
				adjusted += adjustedCountOf(t, got.Tracestate)
			}
		}
		deviation := 5 * math.Sqrt(ratio*(1-ratio)/requests) // five standard deviations of the share
		if share := stored / requests; math.Abs(share-ratio) > deviation {
			t.Errorf("ratio %v: %v stored", ratio, share)
		}
		if math.Abs(adjusted/requests-1) > deviation/ratio {
			t.Errorf("ratio %v: the stored traces stand for %v requests of %d", ratio, adjusted, requests)
		}
	}
}

// adjustedCountOf reads a tracestate as the specification tells readers to.
func adjustedCountOf(t *testing.T, state trace.TraceState) float64 {
	digits := strings.TrimPrefix(state.Get("ot"), "th:")
	limit, err := strconv.ParseUint(digits+strings.Repeat("0", 14-len(digits)), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return (1 << 56) / float64(1<<56-limit)
}
