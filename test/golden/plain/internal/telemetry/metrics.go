package telemetry

import (
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/sdk/resource"
)

// semconvBuckets are the boundaries in seconds that the semantic conventions advise for HTTP durations:
// https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration
var semconvBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// Buckets are the semantic conventions' boundaries and the thresholds of the objectives, so that
// the share of requests within a threshold is counted and not estimated.
func Buckets(thresholds []time.Duration) []float64 {
	buckets := slices.Clone(semconvBuckets)
	for _, threshold := range thresholds {
		buckets = append(buckets, threshold.Seconds())
	}
	slices.Sort(buckets)
	return slices.Compact(buckets)
}

type httpMetrics struct {
	duration *prometheus.HistogramVec
	buckets  []float64
	active   *prometheus.GaugeVec
}

func newHTTPMetrics(registry prometheus.Registerer, buckets []float64, native bool) httpMetrics {
	durations := prometheus.HistogramOpts{
		Name:    "http_server_request_duration_seconds",
		Help:    "Duration of requests by route and answer.",
		Buckets: buckets,
	}
	if native { // beside the classic buckets; a scraper that asks for protobuf gets both
		durations.NativeHistogramBucketFactor = 1.1 // a quantile is at most 10 % off
		durations.NativeHistogramMaxBucketNumber = 160
		durations.NativeHistogramMinResetDuration = time.Hour
	}
	m := httpMetrics{
		duration: prometheus.NewHistogramVec(durations,
			[]string{"http_request_method", "http_route", "http_response_status_code", "error_type"}),
		buckets: buckets,
		active: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "http_server_active_requests",
			Help: "Requests that are being answered.",
		}, []string{"http_route"}),
	}
	registry.MustRegister(m.duration, m.active)
	return m
}

// goMetrics adds to the usual ones how long goroutines wait for a processor and what the garbage collector takes of
// all CPU time: https://pkg.go.dev/runtime/metrics
func goMetrics() prometheus.Collector {
	return collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{
		Matcher: regexp.MustCompile(`^(/sched/latencies:seconds|/cpu/classes/(gc/)?total:cpu-seconds)$`),
	}))
}

func buildInfo(config Config) prometheus.Collector {
	return info("service_build_info", "Always 1; the labels say what is running.", prometheus.Labels{
		"version": config.Version, "revision": config.Revision, "goversion": runtime.Version(),
	})
}

// targetInfo carries the resource attributes, as OpenTelemetry's Prometheus exporters do, so that metrics and
// traces of one instance can be joined: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
func targetInfo(res *resource.Resource) prometheus.Collector {
	labels := make(prometheus.Labels)
	for _, attribute := range res.Attributes() {
		labels[notLabel.ReplaceAllString(string(attribute.Key), "_")] = attribute.Value.String()
	}
	return info("target_info", "Always 1; the labels are the resource attributes of this instance.", labels)
}

var notLabel = regexp.MustCompile(`[^a-zA-Z0-9]`)

func info(name, help string, labels prometheus.Labels) prometheus.Collector {
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels})
	gauge.Set(1)
	return gauge
}
