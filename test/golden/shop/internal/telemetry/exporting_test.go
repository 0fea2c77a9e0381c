package telemetry

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zapcore"
)

// newTelemetry is what the service makes, with variables of the test.
func newTelemetry(t *testing.T, log io.Writer, config Config, env map[string]string) *Telemetry {
	t.Helper()
	for name, value := range env {
		t.Setenv(name, value) // the exporter reads the environment itself
	}
	logger, err := NewLogger(log, "", zapcore.InfoLevel)
	if err != nil {
		t.Fatal(err)
	}
	config.Service, config.Getenv = "shop", func(name string) string { return env[name] }
	tel, err := New(t.Context(), config, logger)
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// gathered are the values of a metric with these labels and more: of each counter or gauge itself, of each histogram
// the number of its classic and of its native buckets.
type gathered struct {
	values                     []float64
	classicBuckets, ownBuckets []int
}

func gather(t *testing.T, registry *prometheus.Registry, name string, labels map[string]string) (found gathered) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			matching := 0
			for _, label := range metric.GetLabel() {
				if want, asked := labels[label.GetName()]; asked && want == label.GetValue() {
					matching++
				}
			}
			if family.GetName() == name && matching == len(labels) {
				found.values = append(found.values, metric.GetCounter().GetValue()+metric.GetGauge().GetValue())
				found.classicBuckets = append(found.classicBuckets, len(metric.GetHistogram().GetBucket()))
				found.ownBuckets = append(found.ownBuckets, len(metric.GetHistogram().GetPositiveDelta()))
			}
		}
	}
	return found
}

// value is that of the one series with these labels.
func value(t *testing.T, registry *prometheus.Registry, name string, labels map[string]string) float64 {
	t.Helper()
	found := gather(t, registry, name, labels)
	if len(found.values) != 1 {
		t.Fatalf("%d series %s %v, want 1", len(found.values), name, labels)
	}
	return found.values[0]
}

func TestSpansAreCountedWithWhatBecomesOfThem(t *testing.T) {
	// ExportTraceServiceResponse{partial_success: {rejected_spans: 2, error_message: "(no)"}}
	partial := []byte("\x0a\x08\x08\x02\x12\x04(no)")
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		lost   float64
		reason string
	}{
		{"stored", func(http.ResponseWriter, *http.Request) {}, 0, ""},
		{"refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }, 5, "failed"},
		{"rejected in part", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-protobuf")
			_, _ = w.Write(partial)
		}, 2, "rejected"},
	} {
		t.Run(test.name, func(t *testing.T) {
			collector := httptest.NewServer(test.answer)
			defer collector.Close()
			tel := newTelemetry(t, io.Discard, Config{}, map[string]string{
				"OTEL_TRACES_SAMPLER": "always_on", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL,
			})
			for range 5 {
				_, span := tel.Tracer.Start(t.Context(), "job")
				span.End()
			}
			if waiting := value(t, tel.Registry, "otel_sdk_processor_span_queue_size", nil); waiting != 5 {
				t.Errorf("%v spans wait, want 5", waiting)
			}
			_ = tel.Shutdown(t.Context())
			want := map[string]float64{test.reason: test.lost}
			want[""] = 5 - test.lost
			for reason, want := range want {
				if got := value(t, tel.Registry, "otel_sdk_exporter_span_exported_total", map[string]string{"error_type": reason}); got != want {
					t.Errorf("exported %q: %v, want %v", reason, got, want)
				}
			}
			labels := map[string]string{"otel_component_type": "batching_span_processor", "error_type": ""}
			if got := value(t, tel.Registry, "otel_sdk_processor_span_processed_total", labels); got != 5 {
				t.Errorf("processed %v, want 5", got)
			}
		})
	}
}

func TestAKeptTraceReachesTheCollectorAndAGoodOneDoesNot(t *testing.T) {
	bodies := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
	}))
	defer collector.Close()
	tel := newTelemetry(t, io.Discard, Config{Sampling: map[string]Sampling{"GET /good": Ratio(0).KeepFailed(), "GET /bad": Ratio(0)}}, map[string]string{
		"TRACE_SAMPLING": "GET /bad=0+failed", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL,
	})
	observe := NewMiddleware(tel, Buckets(nil))
	for pattern, code := range map[string]int{"GET /good": 200, "GET /bad": 500} {
		observe.Route(pattern, answer(code)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	exported := <-bodies
	if !strings.Contains(exported, "GET /bad") || !strings.Contains(exported, "sampling.adjusted_count") || strings.Contains(exported, "GET /good") {
		t.Errorf("exported %q", exported)
	}
}
