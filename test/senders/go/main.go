// Sends SENDER_COUNT spans, log records and counted items through the Go SDK, configured by OTEL_* variables.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

type sent struct {
	Trace string `json:"trace"`
	Span  string `json:"span"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("go-sender, OpenTelemetry " + otel.Version())
		return
	}
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	count, err := strconv.Atoi(os.Getenv("SENDER_COUNT"))
	if err != nil {
		return err
	}
	service := os.Getenv("OTEL_SERVICE_NAME")
	var failed error
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { failed = errors.Join(failed, err) }))
	spanExporter, logExporter, metricExporter, err := exporters(ctx, os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"))
	if err != nil {
		return err
	}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spanExporter))
	loggers := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(logExporter)))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metricExporter)))

	items, err := meters.Meter("sender").Int64Counter("sender.items")
	if err != nil {
		return err
	}
	sizes, err := meters.Meter("sender").Float64Histogram("sender.sizes")
	if err != nil {
		return err
	}
	spans := make([]sent, 0, count)
	for i := range count {
		inSpan, span := tracers.Tracer("sender").Start(ctx, fmt.Sprintf(`item %d "ä€😀"`, i),
			trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(attribute.Int("i", i), attribute.Float64("half", float64(i)/2),
				attribute.Bool("even", i%2 == 0), attribute.StringSlice("list", []string{"a", "b"})))
		span.AddEvent("an event", trace.WithAttributes(attribute.String("key", "value")))
		var record log.Record
		record.SetTimestamp(time.Now())
		record.SetSeverity(log.SeverityInfo)
		record.SetBody(attribute.StringValue(fmt.Sprintf(`log %d of %s "ä€😀"`, i, service)))
		loggers.Logger("sender").Emit(inSpan, record)
		items.Add(inSpan, 1, metric.WithAttributes(attribute.String("item", strconv.Itoa(i))))
		sizes.Record(inSpan, float64(i))
		span.End()
		context := span.SpanContext()
		spans = append(spans, sent{context.TraceID().String(), context.SpanID().String()})
	}
	err = errors.Join(tracers.Shutdown(ctx), loggers.Shutdown(ctx), meters.Shutdown(ctx), failed)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"spans": spans})
}

func exporters(ctx context.Context, protocol string) (sdktrace.SpanExporter, sdklog.Exporter, sdkmetric.Exporter, error) {
	if protocol == "grpc" {
		spans, err := otlptracegrpc.New(ctx)
		logs, logsErr := otlploggrpc.New(ctx)
		metrics, metricsErr := otlpmetricgrpc.New(ctx)
		return spans, logs, metrics, errors.Join(err, logsErr, metricsErr)
	}
	spans, err := otlptracehttp.New(ctx)
	logs, logsErr := otlploghttp.New(ctx)
	metrics, metricsErr := otlpmetrichttp.New(ctx)
	return spans, logs, metrics, errors.Join(err, logsErr, metricsErr)
}
