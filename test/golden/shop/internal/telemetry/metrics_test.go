package telemetry

import (
	"io"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap/zapcore"
)

func TestDurationsHaveNativeBucketsByOptionOnly(t *testing.T) {
	for _, native := range []bool{false, true} {
		log, err := NewLogger(io.Discard, "", zapcore.InfoLevel)
		if err != nil {
			t.Fatal(err)
		}
		registry := prometheus.NewRegistry()
		observe := NewMiddleware(&Telemetry{
			Log: log, Registry: registry, Propagator: propagation.TraceContext{}, nativeHistograms: native,
			Tracer: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())).Tracer("test"),
		}, Buckets(nil))
		route := observe.Route("GET /orders/{id}", answer(200)).(*route)
		for i := range 1000 {
			route.durations.of("GET", 200, "").observer.ObserveWithExemplar(float64(i+1)/1000, nil)
		}
		found := gather(t, registry, "http_server_request_duration_seconds", map[string]string{"http_response_status_code": "200"})
		if found.classicBuckets[0] != len(semconvBuckets) {
			t.Errorf("native %v: %d classic buckets", native, found.classicBuckets[0])
		}
		// from 1 ms to 1 s, 1000 times as much, 73 steps of 10 % lead, and 18 would of 50 %
		if own := found.ownBuckets[0]; native && (own < 60 || own > 160) || !native && own != 0 {
			t.Errorf("native %v: %d native buckets", native, own)
		}
	}
}

func TestTheRuntimeTellsItsSaturationInFewSeries(t *testing.T) {
	tel := newTelemetry(t, io.Discard, Config{Revision: "0a1b2c3"}, map[string]string{"OTEL_SDK_DISABLED": "true"})
	for _, name := range []string{
		"go_sched_latencies_seconds", "go_cpu_classes_gc_total_cpu_seconds_total", "go_cpu_classes_total_cpu_seconds_total",
		"go_sched_gomaxprocs_threads", "go_goroutines", "go_gc_duration_seconds", "process_cpu_seconds_total",
	} {
		if len(gather(t, tel.Registry, name, nil).values) != 1 {
			t.Errorf("no %s", name)
		}
	}
	if buckets := gather(t, tel.Registry, "go_sched_latencies_seconds", nil).classicBuckets[0]; buckets > 12 {
		t.Errorf("%d buckets of scheduler latencies", buckets)
	}
	value(t, tel.Registry, "target_info", map[string]string{"vcs_ref_head_revision": "0a1b2c3", "service_name": "shop"})
	value(t, tel.Registry, "service_build_info", map[string]string{"revision": "0a1b2c3"})
}
