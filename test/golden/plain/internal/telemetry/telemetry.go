// Package telemetry makes a request leave a log line, a metric and a trace that carry the same ids.
package telemetry

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/Acme/order-api/v2/internal/spans"
)

// Telemetry is what the service's parts report to.
type Telemetry struct {
	Log        *Logger
	Registry   *prometheus.Registry
	Tracer     trace.Tracer
	Propagator propagation.TextMapPropagator

	// SampledAccessLog leaves out the access lines of requests that neither failed nor have a stored trace.
	SampledAccessLog bool

	nativeHistograms bool
	noParents        bool // every trace begins here
	baggage          bool
	samplings        *samplings // nil: without the export of traces
	shutdown         func(context.Context) error
}

// Config says who reports. Where spans go is said by the standard OTEL_* variables, which the SDK reads itself.
type Config struct {
	Service  string
	Version  string
	Revision string
	Sampling map[string]Sampling // by route pattern
	Getenv   func(string) string

	SampledAccessLog bool // see Telemetry
	NativeHistograms bool // request durations in native buckets too
}

// New starts the export of traces and makes the registry of metrics. It does not need a reachable collector.
func New(ctx context.Context, config Config, log *Logger) (*Telemetry, error) {
	res, err := newResource(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("resource (see OTEL_RESOURCE_ATTRIBUTES): %w", err)
	}
	t := &Telemetry{
		Log:      log,
		Registry: prometheus.NewRegistry(),

		SampledAccessLog: config.SampledAccessLog,
		nativeHistograms: config.NativeHistograms,
	}
	var traces bool
	t.Propagator, traces, t.baggage = newPropagator(config.Getenv("OTEL_PROPAGATORS"))
	t.noParents = !traces
	for _, collector := range []prometheus.Collector{
		goMetrics(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(config),
		targetInfo(res),
	} {
		if err := t.Registry.Register(collector); err != nil {
			return nil, err
		}
	}
	provider, err := t.newTracerProvider(ctx, config, res)
	if err != nil {
		return nil, err
	}
	t.Tracer = provider.Tracer(config.Service)
	// For instrumentation added later (otelhttp, otelsql, …), which looks here: its spans join the same traces.
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(t.Propagator)
	return t, nil
}

// Shutdown sends what is still queued, as far as ctx allows.
func (t *Telemetry) Shutdown(ctx context.Context) error { return t.shutdown(ctx) }

// newResource says who reports: the same attributes go with every span and stand in target_info.
func newResource(ctx context.Context, config Config) (*resource.Resource, error) {
	attributes := []attribute.KeyValue{semconv.ServiceName(config.Service), semconv.ServiceVersion(config.Version)}
	if config.Revision != "" {
		attributes = append(attributes, semconv.VCSRefHeadRevision(config.Revision))
	}
	return resource.New(ctx,
		resource.WithService(), // a random service.instance.id
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithAttributes(attributes...),
		resource.WithFromEnv(), // last: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
	)
}

func (t *Telemetry) newTracerProvider(ctx context.Context, config Config, res *resource.Resource) (trace.TracerProvider, error) {
	samplings, err := newSamplings(config.Sampling, config.Getenv)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(config.Getenv("OTEL_SDK_DISABLED"), "true") || config.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		t.shutdown = func(context.Context) error { return nil }
		return noop.NewTracerProvider(), nil
	}
	exporter, err := otlptracehttp.New(ctx, endpoint(config.Getenv)...)
	if err != nil {
		return nil, err
	}
	otel.SetErrorHandler(&exportErrors{log: t.Log.Named("telemetry"), now: time.Now})
	t.samplings = samplings
	capacity, err := strconv.Atoi(config.Getenv("OTEL_BSP_MAX_QUEUE_SIZE"))
	if err != nil || capacity < 1 {
		capacity = sdktrace.DefaultMaxQueueSize
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(samplings.sampler()),
		sdktrace.WithIDGenerator(spans.IDs{}),
		sdktrace.WithResource(res),
		sdktrace.WithSpanProcessor(spans.NewProcessor(exporter, capacity, t.Registry, batching(config.Getenv)...)),
	)
	t.shutdown = provider.Shutdown
	return provider, nil
}

// endpoint is the specification's default, plain HTTP, where the Go exporter's own default is HTTPS.
func endpoint(getenv func(string) string) []otlptracehttp.Option {
	if getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "" {
		return nil
	}
	return []otlptracehttp.Option{otlptracehttp.WithEndpointURL("http://localhost:4318/v1/traces")}
}

// batching sends spans after a second, where the specification's default is five: a process that is killed loses less,
// and who looks for the trace of a request just made finds it.
func batching(getenv func(string) string) []sdktrace.BatchSpanProcessorOption {
	if getenv("OTEL_BSP_SCHEDULE_DELAY") != "" {
		return nil
	}
	return []sdktrace.BatchSpanProcessorOption{sdktrace.WithBatchTimeout(time.Second)}
}

// exportErrors logs failed exports once a minute at most: a collector that is away is no reason for a flood.
type exportErrors struct {
	log *zap.Logger
	now func() time.Time

	mu         sync.Mutex
	last       time.Time
	suppressed int
}

func (e *exportErrors) Handle(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := e.now(); e.last.IsZero() || now.Sub(e.last) >= time.Minute {
		e.log.Warn("telemetry export failed", zap.Error(err), zap.Int("suppressed", e.suppressed))
		e.last, e.suppressed = now, 0
		return
	}
	e.suppressed++
}
