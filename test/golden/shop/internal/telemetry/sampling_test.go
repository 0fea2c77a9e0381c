package telemetry

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

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
		{"stores the lucky 5 % of a route by default", nil, root, "GET /a", 0xf3333333333330, true, "ot=th:f3333"},
		{"drops the other 95 %", nil, root, "GET /a", 0xf3332fffffffff, false, ""},
		{"stores half of a route at ratio 0.5", nil, root, "GET /half", 1 << 55, true, "ot=th:8"},
		{"treats spans of no route by the default", nil, root, "job", nothing, false, ""},
		{"stores everything of a forced route", nil, root, "POST /payment", nothing, true, "ot=th:0"},
		{"follows a caller that stores", nil, parent(sampled, "ot=th:c", true), "GET /a", everything, true, "ot=th:c"},
		{"erases a threshold that contradicts the caller's decision", nil, parent(sampled, "a=b,ot=th:c;x:y", true), "GET /a", nothing, true, "ot=x:y,a=b"},
		{"erases a threshold that is none", nil, parent(sampled, "ot=th:C", true), "GET /a", everything, true, ""},
		{"erases a threshold that is too long", nil, parent(sampled, "ot=th:000000000000000", true), "GET /a", everything, true, ""},
		{"adds no threshold to a caller's decision", nil, parent(sampled, "a=b", true), "GET /a", everything, true, "a=b"},
		{"erases the caller's threshold from what a forced ratio drops", map[string]string{"OTEL_TRACES_SAMPLER": "always_off"}, parent(sampled, "ot=th:0;rv:80000000000000", true), "GET /a", everything, false, "ot=rv:80000000000000"},
		{"takes no randomness in upper case", env("traceidratio", "0.5"), parent(unsampled, "ot=rv:FFFFFFFFFFFFFF", true), "GET /a", nothing, false, ""},
		{"keeps other vendors' members in a full ot member", nil, parent(unsampled, "a=b,ot=x:"+strings.Repeat("y", 235)+";rv:1234567890abcd", true), "POST /payment", nothing, true, "ot=th:0;rv:1234567890abcd,a=b"},
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
			s, err := newSamplings(table, func(key string) string { return test.env[key] })
			if err != nil {
				t.Fatal(err)
			}
			got := s.sampler().ShouldSample(sdktrace.SamplingParameters{
				ParentContext: test.ctx, TraceID: traceID(test.randomness), Name: test.span,
			})
			if stored := got.Decision == sdktrace.RecordAndSample; stored != test.stored {
				t.Errorf("stored: %v, want %v", stored, test.stored)
			}
			if (test.stored || test.state != "") && got.Tracestate.String() != test.state {
				t.Errorf("tracestate %q, want %q", got.Tracestate, test.state)
			}
		})
	}
}

func TestTheSamplerRefusesWhatItCannotMean(t *testing.T) {
	table := map[string]Sampling{"GET /a": Default, "POST /b": Always}
	for _, test := range []struct {
		env  map[string]string
		says string
	}{
		{env("sometimes", ""), "parentbased_"},
		{env("traceidratio", "5%"), "between 0 and 1"},
		{env("traceidratio", "1.5"), "between 0 and 1"},
		{env("traceidratio", "NaN"), "between 0 and 1"},
		{map[string]string{"TRACE_SAMPLING": "GET /c=1"}, "GET /a, POST /b"},
		{map[string]string{"TRACE_SAMPLING": "GET /c=1,GET /a=2"}, `"GET /a=2"`},
		{map[string]string{"TRACE_SAMPLING": "GET /a"}, "RATIO"},
		{map[string]string{"TRACE_SAMPLING": "GET /a=0.5+slow"}, "+slow:250ms"},
		{map[string]string{"TRACE_SAMPLING": "GET /a=0.5+slow:-1s"}, "+slow:250ms"},
		{map[string]string{"TRACE_SAMPLING": "GET /a=often"}, "always"},
	} {
		err := CheckSampling(table, func(key string) string { return test.env[key] })
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v: error %v does not say %s", test.env, err, test.says)
		}
	}
	if err := CheckSampling(map[string]Sampling{"GET /a": Ratio(5)}, func(string) string { return "" }); err == nil {
		t.Error("a ratio of 5 is accepted")
	}
}

func TestTheEnvironmentOverridesRoutes(t *testing.T) {
	table := map[string]Sampling{"GET /a": Default, "POST /b": Default.KeepFailed(), "GET /c": Always}
	variables := map[string]string{"TRACE_SAMPLING": " GET  /a=0.5, POST /b=always+failed+slow:250ms,"}
	rules := func() []Sampling {
		s, err := newSamplings(table, func(key string) string { return variables[key] })
		if err != nil {
			t.Fatal(err)
		}
		return []Sampling{s.of("GET /a"), s.of("POST /b"), s.of("GET /c")}
	}
	named := []Sampling{Ratio(0.5), Always.KeepFailed().KeepSlow(250 * time.Millisecond)}
	if got := rules(); !slices.Equal(got, append(named, Always)) {
		t.Errorf("TRACE_SAMPLING gives %+v", got)
	}
	variables["OTEL_TRACES_SAMPLER"] = "always_off"
	if got := rules(); !slices.Equal(got, append(named, Sampling{ignoreParent: true})) {
		t.Errorf("with OTEL_TRACES_SAMPLER=always_off it gives %+v", got)
	}
}

func env(sampler, arg string) map[string]string {
	return map[string]string{"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": arg}
}
