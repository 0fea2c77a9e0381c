package telemetry

import (
	"bytes"
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap/zapcore"
)

// validParent is version 00 of https://www.w3.org/TR/trace-context/#traceparent-header; zero ids are refused apart.
var validParent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-0[0-3]$`)

// FuzzTraceparent sends any headers through the middleware of a route that follows its caller.
func FuzzTraceparent(f *testing.F) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, seed := range [][2]string{
		{"00-" + id + "-00f067aa0ba902b7-01", "a=b,ot=th:8;rv:ffffffffffffff,c=d"},
		{"00-" + id + "-00f067aa0ba902b7-00", "ot=th:8"},
		{"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01", ""},
		{"00-" + strings.ToUpper(id) + "-00f067aa0ba902b7-01", "A=b"},
		{"cc-" + id + "-00f067aa0ba902b7-01-more", "a=" + strings.Repeat("b", 300)},
		{"00-" + id + "-00f067aa0ba902b7", ",,,"}, {"", "ot=th:0"}, {"00", "ot=;;th:;"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, traceparent, tracestate string) {
		s, err := newSampler(map[string]Sampling{"GET /orders/{id}": Ratio(1)}, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t, s, zapcore.InfoLevel)
		var passedOn trace.SpanContext
		r := httptest.NewRequest(http.MethodGet, "/orders/7", nil)
		r.Header["Traceparent"], r.Header["Tracestate"] = []string{traceparent}, []string{tracestate}
		b.Route("GET /orders/{id}", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			header := make(http.Header)
			b.tel.Propagator.Inject(r.Context(), propagation.HeaderCarrier(header))
			passedOn = trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(header)))
		})).ServeHTTP(httptest.NewRecorder(), r)

		parent := validParent.FindStringSubmatch(traceparent)
		valid := parent != nil && strings.Trim(parent[1], "0") != "" && strings.Trim(parent[2], "0") != ""
		followed := parent != nil && passedOn.TraceID().String() == parent[1]
		if !passedOn.IsValid() || valid != followed && strings.HasPrefix(traceparent, "00") {
			t.Fatalf("traceparent %q: followed %v; passed on %+v", traceparent, followed, passedOn)
		}
		if want := !valid || strings.HasSuffix(traceparent, "1") || strings.HasSuffix(traceparent, "3"); strings.HasPrefix(traceparent, "00") && passedOn.IsSampled() != want {
			t.Fatalf("traceparent %q: sampled %v", traceparent, passedOn.IsSampled())
		}
		if sent, err := trace.ParseTraceState(tracestate); err == nil && valid {
			sent.Walk(func(key, value string) bool {
				if key != "ot" && passedOn.TraceState().Get(key) != value {
					t.Fatalf("tracestate %q became %q", tracestate, passedOn.TraceState())
				}
				return true
			})
		}
		if len(b.lines(t)) != 1 || b.count(t, "/orders/{id}", "200", "") != "1" {
			t.Fatalf("traceparent %q: log %s", traceparent, b.logs.String())
		}
	})
}

// FuzzSampler compares the sampler with the specification's rules, written down again over hexadecimal text.
func FuzzSampler(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0xf4}, 16), 0.05, byte(0), "")
	f.Add(bytes.Repeat([]byte{0x7f}, 16), 0.5, byte(3), "ot=th:8;rv:80000000000000,a=b")
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
		sampling := Sampling{ratio: ratio, ignoreParent: forced, keepFailed: keep}
		got := (&sampler{others: newRule(sampling)}).ShouldSample(sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id})

		own := newRule(sampling).th
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
		if share := 1 - float64(newRule(sampling).threshold)/(1<<56); ratio >= 1e-9 && math.Abs(share-ratio) > ratio*0.001+1.0/(1<<16)/2 {
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
