/** Spans put together again from a sealed block's columns. */
import { toSpan } from '../../../formats/otlp-protobuf/decode-record.ts';
import { type OtlpMessage, spanCodec } from '../../../formats/otlp-protobuf/messages.ts';
import type { SpanIndex } from '../../../telemetry/batch.ts';
import { stringAt } from '../../../telemetry/columns.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../../telemetry/ids.ts';
import type { Span } from '../../../telemetry/model.ts';

/**
 * Span `i`, without its attributes and origin: the index columns tell the usual fields, the residual the others, and
 * where both tell one the residual is right.
 */
export function rebuiltSpan(
  index: SpanIndex,
  residual: Uint8Array,
  i: number,
): Omit<Span, 'attributes' | 'resource' | 'scope'> {
  const others: OtlpMessage<'Span'> = residual.length === 0 ? {} : spanCodec.decode(residual);
  const start = index.startTimeUnixNano[i]!;
  return toSpan({
    traceId: index.traceId.subarray(i * TRACE_ID_BYTES, (i + 1) * TRACE_ID_BYTES),
    spanId: index.spanId.subarray(i * SPAN_ID_BYTES, (i + 1) * SPAN_ID_BYTES),
    parentSpanId: index.parentSpanId.subarray(i * SPAN_ID_BYTES, (i + 1) * SPAN_ID_BYTES),
    name: stringAt(index.name, i),
    kind: index.kind[i]!,
    startTimeUnixNano: start,
    endTimeUnixNano: start + index.durationNano[i]!,
    ...others,
    status: { code: index.status[i]!, ...others.status },
  });
}

/** What of a span's detail stands in its residual. */
export function residualDetail(residual: Uint8Array): Pick<Span, 'events' | 'statusMessage' | 'traceState'> {
  if (residual.length === 0) return { events: [], statusMessage: '', traceState: '' };
  const { events, statusMessage, traceState } = toSpan(spanCodec.decode(residual));
  return { events, statusMessage, traceState };
}
