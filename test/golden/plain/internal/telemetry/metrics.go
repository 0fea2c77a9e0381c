package telemetry

import (
	"context"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
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
		active: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "http_server_active_requests",
			Help: "Requests that are being answered.",
		}, []string{"http_route"}),
	}
	registry.MustRegister(m.duration, m.active)
	return m
}

// durations are the series of one route. Those of the route's own method are looked up once for each code.
type durations struct {
	vec           *prometheus.HistogramVec
	method, route string // method is empty when the route takes any
	byCode        [600]atomic.Pointer[prometheus.ExemplarObserver]
}

// newDurations makes the series of 200 and of the usual failures at once: no errors, no traffic and no scrape then
// look different, and rate() sees the first failure, which it does not in a series that begins above 0.
func newDurations(vec *prometheus.HistogramVec, method, route string) *durations {
	d := &durations{vec: vec, method: method, route: route}
	for _, status := range []int{200, 500, 503} {
		d.of(method, status, "")
	}
	d.of(method, http.StatusInternalServerError, errorTypePanic)
	d.of(method, http.StatusGatewayTimeout, errorTypeTimeout)
	return d
}

// of returns the series of a status; kind is the error type where the status does not tell it.
func (d *durations) of(method string, status int, kind string) prometheus.ExemplarObserver {
	cached := method == d.method && status < len(d.byCode) && kind == ""
	if cached {
		if observer := d.byCode[status].Load(); observer != nil {
			return *observer
		}
	}
	if kind == "" {
		kind = errorType(status)
	}
	observer := d.vec.WithLabelValues(method, d.route, strconv.Itoa(status), kind).(prometheus.ExemplarObserver)
	if cached {
		d.byCode[status].Store(&observer)
	}
	return observer
}

// Exemplar leads from a measurement to its trace. It is nil unless that trace is sure to be stored.
func Exemplar(ctx context.Context) prometheus.Labels {
	span := trace.SpanFromContext(ctx)
	if sc := span.SpanContext(); sc.IsSampled() && span.IsRecording() {
		labels := make(prometheus.Labels, 2)
		setTraceLabels(labels, sc)
		return labels
	}
	return nil
}

func setTraceLabels(labels prometheus.Labels, sc trace.SpanContext) {
	labels["trace_id"], labels["span_id"] = sc.TraceID().String(), sc.SpanID().String()
}

// Error types that are no status codes.
const (
	errorTypePanic      = "panic"
	errorTypeTimeout    = "timeout"
	errorTypeClientGone = "client_gone"
)

// StatusClientGone is what nginx logs when the client left before the answer: no failure of ours.
const StatusClientGone = 499

// errorType is the error type that a status tells.
func errorType(status int) string {
	switch {
	case status == http.StatusGatewayTimeout:
		return errorTypeTimeout
	case status == StatusClientGone:
		return errorTypeClientGone
	case status < 500:
		return ""
	}
	return strconv.Itoa(status)
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
