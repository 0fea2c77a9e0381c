package spans

import (
	"bytes"
	"context"
	"math"
	"regexp"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// FuzzSampler compares the sampler with the specification's rules, written down again over hexadecimal text.
func FuzzSampler(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0xf4}, 16), 0.05, byte(0), "")
	f.Add(bytes.Repeat([]byte{0x7f}, 16), 0.5, byte(3), "ot=th:8;rv:80000000000000,a=b")
	f.Add(bytes.Repeat([]byte{0x01}, 16), 0.5, byte(5), "ot=rv:80000000000000") // just stored
	f.Add(bytes.Repeat([]byte{0xff}, 16), 0.5, byte(9), "ot=th:8;x:y")          // a caller that contradicts itself
	f.Add(bytes.Repeat([]byte{0x80}, 16), 1.0, byte(7), "a=b,ot=x:y;th:c")
	f.Add(bytes.Repeat([]byte{0xff}, 16), 0.000001, byte(1), "ot=rv:FFFFFFFFFFFFFF")
	f.Fuzz(func(t *testing.T, idBytes []byte, ratio float64, how byte, tracestate string) {
		state, err := trace.ParseTraceState(tracestate)
		if err != nil || len(idBytes) < 16 || !(ratio >= 0 && ratio <= 1) {
			t.Skip()
		}
		id := trace.TraceID(idBytes[:16])
		hasParent, callerSampled, forced, keep := how&1 != 0 && id.IsValid(), how&2 != 0, how&4 != 0, how&8 != 0
		ctx, random := context.Background(), id.String()[18:]
		if hasParent {
			ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled * trace.TraceFlags(how>>1&1), TraceState: state,
			}))
			if rv := field(state, "rv"); regexp.MustCompile(`^[0-9a-f]{14}$`).MatchString(rv) {
				random = rv
			}
		} else {
			state = trace.TraceState{}
		}
		rule := Rule{Ratio: ratio, IgnoreParent: forced, Record: keep}
		got := NewSampler(nil, rule).ShouldSample(sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id})

		own := newRule(rule).th
		sampled, th := ratio > 0 && random >= padded(own), own
		if hasParent && !forced {
			sampled, th = callerSampled, field(state, "th")
			if !regexp.MustCompile(`^[0-9a-f]{1,14}$`).MatchString(th) || random < padded(th) {
				th = ""
			}
		}
		want := sdktrace.Drop
		if sampled {
			want = sdktrace.RecordAndSample
		} else {
			th = ""
			if keep {
				want = sdktrace.RecordOnly
			}
		}
		if got.Decision != want || field(got.Tracestate, "th") != th {
			t.Fatalf("id %s ratio %v how %04b state %q: decision %v with %q, want %v with th:%s", id, ratio, how, tracestate, got.Decision, got.Tracestate, want, th)
		}
		state.Walk(func(key, value string) bool {
			if key != "ot" && got.Tracestate.Get(key) != value && state.Len() < 32 {
				t.Fatalf("%q became %q", tracestate, got.Tracestate)
			}
			return true
		})
		if share := 1 - float64(newRule(rule).threshold)/(1<<56); ratio >= 1e-9 && math.Abs(share-ratio) > ratio*0.001+1.0/(1<<16)/2 {
			t.Fatalf("ratio %v is told as %v", ratio, share)
		}
	})
}

func field(state trace.TraceState, key string) string {
	found := regexp.MustCompile(`(?:^|;)` + key + `:([^;]*)`).FindStringSubmatch(state.Get("ot"))
	if found == nil {
		return ""
	}
	return found[1]
}

func padded(th string) string { return th + strings.Repeat("0", 14-len(th)) }
