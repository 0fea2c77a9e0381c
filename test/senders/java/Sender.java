// Sends SENDER_COUNT spans, log records and counted items through the Java SDK, configured by OTEL_* variables.
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

public class Sender {
  static final String ENDPOINT = System.getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
  static final String COMPRESSION = System.getenv().getOrDefault("OTEL_EXPORTER_OTLP_COMPRESSION", "none");
  static final boolean GRPC = System.getenv("OTEL_EXPORTER_OTLP_PROTOCOL").equals("grpc");

  public static void main(String[] args) {
    String service = System.getenv("OTEL_SERVICE_NAME");
    int count = Integer.parseInt(System.getenv("SENDER_COUNT"));
    Resource resource = Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), service));
    var tracers = SdkTracerProvider.builder().setResource(resource)
        .addSpanProcessor(BatchSpanProcessor.builder(spans()).build()).build();
    var loggers = SdkLoggerProvider.builder().setResource(resource)
        .addLogRecordProcessor(BatchLogRecordProcessor.builder(logs()).build()).build();
    var meters = SdkMeterProvider.builder().setResource(resource)
        .registerMetricReader(PeriodicMetricReader.create(metrics())).build();

    var items = meters.get("sender").counterBuilder("sender.items").build();
    var sizes = meters.get("sender").histogramBuilder("sender.sizes").build();
    List<String> spans = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Span span = tracers.get("sender").spanBuilder("item " + i + " \"ä€😀\"").setSpanKind(SpanKind.CLIENT)
          .setAttribute("i", i).setAttribute("half", i / 2.0).setAttribute("even", i % 2 == 0)
          .setAttribute(AttributeKey.stringArrayKey("list"), List.of("a", "b")).startSpan();
      span.addEvent("an event", Attributes.of(AttributeKey.stringKey("key"), "value"));
      loggers.get("sender").logRecordBuilder().setContext(Context.root().with(span)).setSeverity(Severity.INFO)
          .setBody("log " + i + " of " + service + " \"ä€😀\"").emit();
      items.add(1, Attributes.of(AttributeKey.stringKey("item"), String.valueOf(i)));
      sizes.record(i);
      span.end();
      var context = span.getSpanContext();
      spans.add("{\"trace\":\"" + context.getTraceId() + "\",\"span\":\"" + context.getSpanId() + "\"}");
    }

    boolean flushed = true;
    for (CompletableResultCode end : List.of(tracers.shutdown(), loggers.shutdown(), meters.shutdown())) {
      flushed &= end.join(30, TimeUnit.SECONDS).isSuccess();
    }
    new PrintStream(System.out, true, StandardCharsets.UTF_8).println("{\"spans\":[" + String.join(",", spans) + "]}");
    System.exit(flushed ? 0 : 1);
  }

  static SpanExporter spans() {
    return GRPC
        ? OtlpGrpcSpanExporter.builder().setEndpoint(ENDPOINT).setCompression(COMPRESSION).build()
        : OtlpHttpSpanExporter.builder().setEndpoint(ENDPOINT + "/v1/traces").setCompression(COMPRESSION).build();
  }

  static LogRecordExporter logs() {
    return GRPC
        ? OtlpGrpcLogRecordExporter.builder().setEndpoint(ENDPOINT).setCompression(COMPRESSION).build()
        : OtlpHttpLogRecordExporter.builder().setEndpoint(ENDPOINT + "/v1/logs").setCompression(COMPRESSION).build();
  }

  static MetricExporter metrics() {
    return GRPC
        ? OtlpGrpcMetricExporter.builder().setEndpoint(ENDPOINT).setCompression(COMPRESSION).build()
        : OtlpHttpMetricExporter.builder().setEndpoint(ENDPOINT + "/v1/metrics").setCompression(COMPRESSION).build();
  }
}
