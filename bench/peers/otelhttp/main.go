// The usual stack of an observable Go service, each part set up as its own documentation advises: spans by otelhttp,
// metrics by client_golang's promhttp, an access log by zap. Where its documentation leaves a choice, the cheaper one
// is taken: a tracer provider given directly, a meter that records nothing (the metrics are client_golang's).
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"

	"example.com/bench/driver"
	"example.com/bench/driver/shop"
)

func main() {
	if err := run(context.Background(), os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "otelhttp:", err)
		os.Exit(1)
	}
}

// run reads SAMPLE_RATIO (share of new traces), ACCESS_LOG ("sampled": lines of sampled traces only) and LOG_FILE.
func run(ctx context.Context, getenv func(string) string) error {
	ratio, err := strconv.ParseFloat(getenv("SAMPLE_RATIO"), 64)
	if err != nil {
		return err
	}
	exporter, err := otlptracehttp.New(ctx) // OTEL_EXPORTER_OTLP_ENDPOINT says where to
	if err != nil {
		return err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio))),
		sdktrace.WithBatcher(exporter),
	)
	log, err := newLogger(getenv("LOG_FILE"))
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	metrics := newMetrics(registry)
	mux := http.NewServeMux()
	for _, route := range shop.Routes(nil) {
		handler := accessLog(log, route.Pattern, getenv("ACCESS_LOG") == "sampled", route.Handler)
		handler = metrics.instrument(route.Pattern, handler)
		mux.Handle(route.Pattern, otelhttp.NewHandler(handler, route.Pattern,
			otelhttp.WithTracerProvider(provider),
			otelhttp.WithMeterProvider(noop.NewMeterProvider()),
			otelhttp.WithPropagators(propagation.TraceContext{}),
		))
	}
	return driver.Serve(driver.Stack{
		Handler: mux,
		Metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, Registry: registry}),
		Flush:   provider.ForceFlush,
	})
}

// newLogger is zap's production configuration, but for its own sampling: every request has its line.
func newLogger(path string) (*zap.Logger, error) {
	config := zap.NewProductionConfig()
	config.Sampling = nil
	config.OutputPaths = []string{path}
	return config.Build()
}
