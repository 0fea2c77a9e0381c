package spans

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// NewProcessor batches spans for the exporter, as many as the capacity at most, and holds those that are recorded
// only until it is known whether they are kept.
func NewProcessor(exporter sdktrace.SpanExporter, capacity int, registry prometheus.Registerer, options ...sdktrace.BatchSpanProcessorOption) sdktrace.SpanProcessor {
	m := newMetrics(registry)
	return newKeeper(newQueue(exporter, capacity, m, registry, options...), m.processed.WithLabelValues(holding, queueFull))
}

// metrics count what becomes of sampled spans, by the names of the semantic conventions for SDKs. The spans that
// have ended are those processed and those in the queue: https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/
type metrics struct {
	processed *prometheus.CounterVec
	exported  *prometheus.CounterVec
}

const (
	batching  = "batching_span_processor"
	holding   = "holding_span_processor" // the keeper, which the conventions do not know
	queueFull = "queue_full"
)

func newMetrics(registry prometheus.Registerer) metrics {
	m := metrics{
		processed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "otel_sdk_processor_span_processed_total",
			Help: "Spans handed to the exporter, and with an error_type those dropped before.",
		}, []string{"otel_component_type", "error_type"}),
		exported: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "otel_sdk_exporter_span_exported_total",
			Help: "Spans whose export has ended, with an error_type those that were lost.",
		}, []string{"error_type"}),
	}
	m.processed.WithLabelValues(batching, "")
	m.processed.WithLabelValues(batching, queueFull)
	m.processed.WithLabelValues(holding, queueFull)
	for _, reason := range []string{"", "timeout", "rejected", "failed"} {
		m.exported.WithLabelValues(reason)
	}
	registry.MustRegister(m.processed, m.exported)
	return m
}

// queue stands before the SDK's batching and lets as many spans in as it has room for. The SDK's queue never
// overflows then, and what is dropped is known: the SDK itself does not tell.
type queue struct {
	sdktrace.SpanProcessor
	metrics  metrics
	size     atomic.Int64
	capacity int64
}

// newQueue batches spans for the exporter and registers the queue's size.
func newQueue(exporter sdktrace.SpanExporter, capacity int, m metrics, registry prometheus.Registerer, options ...sdktrace.BatchSpanProcessorOption) *queue {
	q := &queue{metrics: m, capacity: int64(capacity)}
	q.SpanProcessor = sdktrace.NewBatchSpanProcessor(countingExporter{exporter, q}, append(options, sdktrace.WithMaxQueueSize(capacity))...)
	gauge := func(name, help string, value func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: name, Help: help, ConstLabels: prometheus.Labels{"otel_component_type": batching},
		}, value))
	}
	gauge("otel_sdk_processor_span_queue_size", "Spans that wait for export.", func() float64 { return float64(q.size.Load()) })
	gauge("otel_sdk_processor_span_queue_capacity", "Most spans that may wait for export.", func() float64 { return float64(capacity) })
	return q
}

func (q *queue) OnEnd(span sdktrace.ReadOnlySpan) {
	if !span.SpanContext().IsSampled() {
		return
	}
	if q.size.Add(1) > q.capacity {
		q.size.Add(-1)
		q.metrics.processed.WithLabelValues(batching, queueFull).Inc()
		return
	}
	q.SpanProcessor.OnEnd(span)
}

type countingExporter struct {
	sdktrace.SpanExporter
	queue *queue
}

func (e countingExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	m, all := e.queue.metrics, len(spans)
	e.queue.size.Add(int64(-all))
	m.processed.WithLabelValues(batching, "").Add(float64(all))
	err := e.SpanExporter.ExportSpans(ctx, valid(spans))
	lost, reason := lostSpans(err, all)
	m.exported.WithLabelValues(reason).Add(float64(lost))
	m.exported.WithLabelValues("").Add(float64(all - lost))
	return err
}

// lostSpans says how many spans of a batch an export lost, and why.
func lostSpans(err error, all int) (int, string) {
	if err == nil {
		return 0, ""
	}
	// A partial success is an error of a type that the exporter does not export.
	if _, counted, found := strings.Cut(err.Error(), "OTLP partial success: "); found {
		digits, _, _ := strings.Cut(counted[strings.LastIndexByte(counted, '(')+1:], " ")
		rejected, _ := strconv.Atoi(digits)
		return max(0, min(rejected, all)), "rejected"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return all, "timeout"
	}
	return all, "failed"
}
