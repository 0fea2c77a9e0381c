"""Sends SENDER_COUNT spans, log records and counted items through the Python SDK, configured by OTEL_* variables."""

import importlib
import json
import os

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, set_span_in_context

PACKAGES = {
    "grpc": "opentelemetry.exporter.otlp.proto.grpc",
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http",
    "http/json": "opentelemetry.exporter.otlp.json.http",
}
package = PACKAGES[os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"]]
service = os.environ["OTEL_SERVICE_NAME"]
count = int(os.environ["SENDER_COUNT"])


def exporter(module: str, name: str):
    return getattr(importlib.import_module(f"{package}.{module}"), name)()


tracers = TracerProvider()
tracers.add_span_processor(BatchSpanProcessor(exporter("trace_exporter", "OTLPSpanExporter")))
loggers = LoggerProvider()
loggers.add_log_record_processor(BatchLogRecordProcessor(exporter("_log_exporter", "OTLPLogExporter")))
meters = MeterProvider([PeriodicExportingMetricReader(exporter("metric_exporter", "OTLPMetricExporter"))])

items = meters.get_meter("sender").create_counter("sender.items")
sizes = meters.get_meter("sender").create_histogram("sender.sizes")
spans = []
for i in range(count):
    with tracers.get_tracer("sender").start_as_current_span(
        f'item {i} "ä€😀"', kind=SpanKind.CLIENT, attributes={"i": i, "half": i / 2, "even": i % 2 == 0, "list": ["a", "b"]}
    ) as span:
        span.add_event("an event", {"key": "value"})
        context = span.get_span_context()
        spans.append({"trace": f"{context.trace_id:032x}", "span": f"{context.span_id:016x}"})
        loggers.get_logger("sender").emit(
            LogRecord(
                severity_number=SeverityNumber.INFO,
                body=f'log {i} of {service} "ä€😀"',
                attributes={"i": i},
                context=set_span_in_context(span),
            )
        )
    items.add(1, {"item": str(i)})
    sizes.record(i)

flushed = [provider.force_flush() for provider in (tracers, loggers, meters)]
for provider in (tracers, loggers, meters):
    provider.shutdown()
print(json.dumps({"spans": spans}))
if not all(flushed):
    raise SystemExit("not everything was flushed")
