/** What of a batch of spans is not stored yet: (trace id, span id) identifies a span. */
import { tracesCodec } from '../../formats/otlp-protobuf/messages.ts';
import { scanTraces } from '../../formats/otlp-protobuf/scan-traces.ts';
import type { Store, TraceQuery } from '../../storage/store.ts';
import type { SpanBatch } from '../../telemetry/batch.ts';
import { isZeroId, SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';

/** Spans of one page; a trace may have more, which the pages that follow bring. */
const PAGE = 50_000;

/**
 * The batch without spans that `store` has, or that are in `pending` (spans on their way into it); undefined when none is
 * left. Spans without a trace id are all taken. Ids of what is left are added to `pending`.
 */
export async function unstoredSpans(
  store: Pick<Store, 'trace'>,
  batch: SpanBatch,
  pending: Set<string>,
): Promise<SpanBatch | undefined> {
  const known = await storedIds(store, batch);
  const isNew: boolean[] = [];
  for (let i = 0; i < batch.count; i++) {
    const id = idAt(batch.index.traceId, batch.index.spanId, i);
    isNew.push(id === undefined || !(known.has(id) || pending.has(id)));
    if (id !== undefined) pending.add(id);
  }
  if (isNew.every(Boolean)) return batch.count > 0 ? batch : undefined;
  return isNew.some(Boolean) ? only(batch, isNew) : undefined;
}

async function storedIds(store: Pick<Store, 'trace'>, { index, count }: SpanBatch): Promise<Set<string>> {
  const traceIds = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    if (isZeroId(index.traceId, i * TRACE_ID_BYTES, TRACE_ID_BYTES)) continue;
    const id = index.traceId.subarray(i * TRACE_ID_BYTES, (i + 1) * TRACE_ID_BYTES);
    traceIds.set(toHex(id), id);
  }
  const known = new Set<string>();
  if (traceIds.size === 0) return known;
  const query: TraceQuery = { traceIds: [...traceIds.values()], detail: 'index' };
  for (let cursor: string | undefined; ; ) {
    const page = await store.trace(query, { limit: PAGE, ...(cursor !== undefined && { cursor }) });
    for (let i = 0; i < page.count; i++) known.add(idAt(page.columns.traceId, page.columns.spanId, i)!);
    cursor = page.nextCursor;
    if (cursor === undefined) return known;
  }
}

function idAt(traceIds: Uint8Array, spanIds: Uint8Array, i: number): string | undefined {
  if (isZeroId(traceIds, i * TRACE_ID_BYTES, TRACE_ID_BYTES)) return undefined;
  return (
    toHex(traceIds, i * TRACE_ID_BYTES, TRACE_ID_BYTES) + toHex(spanIds, i * SPAN_ID_BYTES, SPAN_ID_BYTES)
  );
}

/** The batch with the chosen spans alone; they are numbered as they stand in the body. */
function only(batch: SpanBatch, isChosen: readonly boolean[]): SpanBatch {
  const request = tracesCodec.decode(batch.body);
  let i = 0;
  for (const group of request.resourceSpans ?? []) {
    for (const scope of group.scopeSpans ?? []) scope.spans = (scope.spans ?? []).filter(() => isChosen[i++]);
  }
  return scanTraces(tracesCodec.encode(request));
}
