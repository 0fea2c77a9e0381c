// Sends SENDER_COUNT spans, log records and counted items through the JavaScript SDK, configured by OTEL_* variables.
import { SpanKind } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const KINDS = { grpc: 'grpc', 'http/protobuf': 'proto', 'http/json': 'http' };
const kind = KINDS[process.env.OTEL_EXPORTER_OTLP_PROTOCOL];
const service = process.env.OTEL_SERVICE_NAME;
const count = Number(process.env.SENDER_COUNT);

const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${kind}`);
const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${kind}`);
const { OTLPMetricExporter } = await import(`@opentelemetry/exporter-metrics-otlp-${kind}`);

const resource = resourceFromAttributes({ 'service.name': service });
const tracers = new TracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
});
const loggers = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
});
const meters = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })],
});

const items = meters.getMeter('sender').createCounter('sender.items');
const sizes = meters.getMeter('sender').createHistogram('sender.sizes');
const spans = [];
for (let i = 0; i < count; i++) {
  const attributes = { i, half: i / 2, even: i % 2 === 0, list: ['a', 'b'] };
  const span = tracers
    .getTracer('sender')
    .startSpan(`item ${i} "ä€😀"`, { kind: SpanKind.CLIENT, attributes });
  span.addEvent('an event', { key: 'value' });
  const { traceId, spanId } = span.spanContext();
  spans.push({ trace: traceId, span: spanId });
  loggers
    .getLogger('sender')
    .emit({ severityNumber: 9, body: `log ${i} of ${service} "ä€😀"`, attributes: { i } });
  items.add(1, { item: String(i) });
  sizes.record(i);
  span.end();
}

for (const provider of [tracers, loggers, meters]) {
  await provider.forceFlush();
  await provider.shutdown();
}
console.log(JSON.stringify({ spans }));
