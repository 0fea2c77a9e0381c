package telemetry

import (
	"context"
	"encoding/binary"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const sampled, unsampled = trace.FlagsSampled, trace.TraceFlags(0)

// traceID has the given 56 bits of randomness.
func traceID(randomness uint64) trace.TraceID {
	var id trace.TraceID
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], randomness)
	return id
}

func parent(flags trace.TraceFlags, state string, remote bool) context.Context {
	parsed, err := trace.ParseTraceState(state)
	if err != nil {
		panic(err)
	}
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID(0), SpanID: trace.SpanID{1}, TraceFlags: flags, TraceState: parsed, Remote: remote,
	}))
}

func TestTheSampler(t *testing.T) {
	const everything, nothing = 1<<56 - 1, 0 // the most and the least likely traces to be stored
	root := context.Background()
	for _, test := range []struct {
		name       string
		env        map[string]string
		ctx        context.Context
		span       string
		randomness uint64
		stored     bool
		state      string
	}{
		{"stores the lucky 5 % of a route by default", nil, root, "GET /a", 0xf3333333333330, true, "ot=th:f333333333333"},
		{"drops the other 95 %", nil, root, "GET /a", 0xf333333333332f, false, ""},
		{"stores half of a route at ratio 0.5", nil, root, "GET /half", 1 << 55, true, "ot=th:8"},
		{"treats spans of no route by the default", nil, root, "job", nothing, false, ""},
		{"stores everything of a forced route", nil, root, "POST /payment", nothing, true, "ot=th:0"},
		{"follows a caller that stores", nil, parent(sampled, "ot=th:c", true), "GET /a", nothing, true, "ot=th:c"},
		{"follows a caller that drops", nil, parent(unsampled, "", true), "GET /a", everything, false, ""},
		{"lets a forced route override a caller that drops", nil, parent(unsampled, "", true), "POST /payment", nothing, true, "ot=th:0"},
		{"tells a forced route's own probability", nil, parent(sampled, "a=b,ot=th:c;rv:1234567890abcd", true), "POST /payment", nothing, true, "ot=th:0;rv:1234567890abcd,a=b"},
		{"decides once per request: inner spans follow", nil, parent(unsampled, "", false), "POST /payment", everything, false, ""},
		{"stores inner spans of a stored request", nil, parent(sampled, "ot=th:8", false), "GET", nothing, true, "ot=th:8"},

		{"is overridden by always_on", env("always_on", ""), parent(unsampled, "", true), "GET /a", nothing, true, "ot=th:0"},
		{"is overridden by always_off, forced routes too", env("always_off", ""), root, "POST /payment", everything, false, ""},
		{"is overridden by a ratio", env("traceidratio", "0.5"), root, "POST /payment", 1<<55 - 1, false, ""},
		{"follows the caller under parentbased_always_on", env("parentbased_always_on", ""), parent(unsampled, "", true), "POST /payment", everything, false, ""},
		{"decides by itself under parentbased_traceidratio without a caller", env("parentbased_traceidratio", "0.5"), root, "GET /a", 1 << 55, true, "ot=th:8"},
		{"uses the caller's explicit randomness", env("traceidratio", "0.5"), parent(unsampled, "ot=rv:80000000000000", true), "GET /a", nothing, true, "ot=th:8;rv:80000000000000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := map[string]Sampling{"GET /a": Default, "GET /half": Ratio(0.5), "POST /payment": Always}
			s, err := newSampler(table, func(key string) string { return test.env[key] })
			if err != nil {
				t.Fatal(err)
			}
			got := s.ShouldSample(sdktrace.SamplingParameters{
				ParentContext: test.ctx, TraceID: traceID(test.randomness), Name: test.span,
			})
			if stored := got.Decision == sdktrace.RecordAndSample; stored != test.stored {
				t.Errorf("stored: %v, want %v", stored, test.stored)
			}
			if test.stored && got.Tracestate.String() != test.state {
				t.Errorf("tracestate %q, want %q", got.Tracestate, test.state)
			}
		})
	}
}

func TestTheSamplerRefusesWhatItCannotMean(t *testing.T) {
	for _, env := range []map[string]string{env("sometimes", ""), env("traceidratio", "5%"), env("traceidratio", "1.5"), env("traceidratio", "NaN")} {
		if _, err := newSampler(nil, func(key string) string { return env[key] }); err == nil {
			t.Errorf("%v is accepted", env)
		}
	}
	if _, err := newSampler(map[string]Sampling{"GET /a": Ratio(5)}, func(string) string { return "" }); err == nil {
		t.Error("a ratio of 5 is accepted")
	}
}

func env(sampler, arg string) map[string]string {
	return map[string]string{"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": arg}
}
