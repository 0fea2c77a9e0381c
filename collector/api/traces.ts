import { spanLabel } from '../correlate/spans.ts';
import { incidentOfTrace } from '../correlate/stored-incidents.ts';
import type { SpanColumns, SpanFilter, TraceColumns } from '../storage/store.ts';
import { durationMs } from '../telemetry/clock.ts';
import { StringColumnBuilder, stringAt } from '../telemetry/columns.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../telemetry/ids.ts';
import { SPAN_KINDS, SPAN_STATUSES } from '../telemetry/model.ts';
import { adjustedCount } from '../telemetry/sampling.ts';
import { attributeList } from './attributes.ts';
import type { ApiDeps, ApiRequest, Handler } from './deps.ts';
import { attributesOf, millisecondsOf, oneOf, optionsOf, rangeOf, spanIdOf, traceIdOf } from './params.ts';
import type { SpanBody, TraceBody, TracesBody } from './types.ts';

/** Spans of one trace that are answered at the most; more are counted in `matched`. */
const MAX_SPANS = 250_000;
/** Above this, spans are named by their name alone: labels need every span's attributes decoded. */
const MAX_LABELLED_SPANS = 20_000;

function filterOf(request: ApiRequest, deps: ApiDeps): SpanFilter {
  const { service, route, method, q } = request.query;
  const minDurationNano = millisecondsOf(request, 'min_ms');
  const maxDurationNano = millisecondsOf(request, 'max_ms');
  const attributes = attributesOf(request);
  const status = oneOf(request, 'status', ['any', ...SPAN_STATUSES], 'any');
  return {
    ...rangeOf(request, deps.clock),
    ...(service ? { service } : {}),
    ...(route ? { route } : {}),
    ...(method ? { method } : {}),
    ...(q ? { text: q } : {}),
    ...(minDurationNano === undefined ? {} : { minDurationNano }),
    ...(maxDurationNano === undefined ? {} : { maxDurationNano }),
    ...(attributes ? { attributes } : {}),
    ...(status === 'any' ? {} : { status: SPAN_STATUSES.indexOf(status) }),
  };
}

function traceRow(c: TraceColumns, i: number): TracesBody['traces'][number] {
  return {
    traceId: toHex(c.traceId, i * TRACE_ID_BYTES, TRACE_ID_BYTES),
    rootName: stringAt(c.rootName, i),
    rootService: stringAt(c.rootService, i),
    startTimeUnixNano: String(c.startTimeUnixNano[i] ?? 0n),
    durationMs: durationMs(c.durationNano[i] ?? 0n),
    spanCount: c.spanCount[i] ?? 0,
    errorCount: c.errorCount[i] ?? 0,
    hit: {
      spanId: toHex(c.hitSpanId, i * SPAN_ID_BYTES, SPAN_ID_BYTES),
      name: stringAt(c.hitName, i),
      service: stringAt(c.hitService, i),
      route: stringAt(c.hitRoute, i),
      method: stringAt(c.hitMethod, i),
      durationMs: durationMs(c.hitDurationNano[i] ?? 0n),
      status: SPAN_STATUSES[c.hitStatus[i] ?? 0] ?? 'unset',
      httpStatus: c.hitHttpStatus[i] ?? 0,
    },
  };
}

/** GET /api/v1/traces: traces with a span that meets every condition. */
export const findTraces: Handler = async (request, deps): Promise<TracesBody> => {
  const order = oneOf(request, 'order', ['newest', 'slowest'], 'newest');
  const page = await deps.store.findTraces({ filter: filterOf(request, deps), order }, optionsOf(request));
  return {
    matched: page.matched,
    examined: page.examined,
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    traces: Array.from({ length: page.count }, (_, i) => traceRow(page.columns, i)),
  };
};

/** Positions of the parents (-1: none stored) and which spans name a parent that is not stored. */
function parentsOf(c: SpanColumns, count: number): { parent: number[]; orphan: boolean[] } {
  const ids = Buffer.from(c.spanId.buffer, c.spanId.byteOffset, c.spanId.length);
  const parents = Buffer.from(c.parentSpanId.buffer, c.parentSpanId.byteOffset, c.parentSpanId.length);
  const at = (ofIds: Buffer, i: number) => ofIds.readBigUInt64BE(i * SPAN_ID_BYTES);
  const positions = new Map<bigint, number>();
  for (let i = 0; i < count; i++) positions.set(at(ids, i), i);
  const parent: number[] = [];
  const orphan: boolean[] = [];
  for (let i = 0; i < count; i++) {
    const id = at(parents, i);
    const position = id === 0n ? -1 : (positions.get(id) ?? -1);
    parent.push(position === i ? -1 : position);
    orphan.push(id !== 0n && position === -1);
  }
  return { parent, orphan };
}

async function spansOf(traceId: string, request: ApiRequest, deps: ApiDeps, detail: 'index' | 'full') {
  const options = { ...optionsOf(request), limit: MAX_SPANS };
  return deps.store.trace({ traceIds: [traceIdOf(traceId)], detail }, options);
}

function unknownTrace(traceId: string): CollectorError {
  return new CollectorError(
    'not-found',
    `No span of trace ${traceId} is stored: it was not sampled, has not arrived yet, or was evicted (see /api/v1/status).`,
  );
}

/** GET /api/v1/traces/:traceId: the trace's spans as columns. */
export const getTrace: Handler = async (request, deps): Promise<TraceBody> => {
  const traceId = request.params['traceId'] ?? '';
  const sizes = await spansOf(traceId, request, deps, 'index');
  if (sizes.count === 0) throw unknownTrace(traceId);
  const detailed = sizes.count <= MAX_LABELLED_SPANS;
  const { columns: c, count, matched } = detailed ? await spansOf(traceId, request, deps, 'full') : sizes;
  const start = c.startTimeUnixNano.reduce((min, t) => (t < min ? t : min), c.startTimeUnixNano[0] ?? 0n);
  const labels = new StringColumnBuilder();
  let end = start;
  for (let i = 0; i < count; i++) {
    const kind = SPAN_KINDS[c.kind[i] ?? 0] ?? 'unspecified';
    labels.push(spanLabel(stringAt(c.name, i), kind, c.attributes?.[i] ?? {}));
    const ends = (c.startTimeUnixNano[i] ?? 0n) + (c.durationNano[i] ?? 0n);
    if (ends > end) end = ends;
  }
  const label = labels.build();
  const root = parentsOf(c, count);
  const rootAt = Math.max(0, root.parent.indexOf(-1));
  const incident = await incidentOfTrace(deps.store, traceId.toLowerCase());
  return {
    traceId: traceId.toLowerCase(),
    startTimeUnixNano: String(start),
    durationMs: durationMs(end - start),
    count,
    matched,
    spanId: Array.from({ length: count }, (_, i) => toHex(c.spanId, i * SPAN_ID_BYTES, SPAN_ID_BYTES)),
    ...root,
    startMs: Array.from(c.startTimeUnixNano, (t) => durationMs(t - start)),
    durationsMs: Array.from(c.durationNano, durationMs),
    kind: Array.from(c.kind),
    status: Array.from(c.status),
    httpStatus: Array.from(c.httpStatus),
    name: { dictionary: c.name.dictionary, index: Array.from(c.name.index) },
    service: { dictionary: c.service.dictionary, index: Array.from(c.service.index) },
    label: { dictionary: label.dictionary, index: Array.from(label.index) },
    adjustedCount: adjustedCount(c.attributes?.[rootAt], c.traceState ? stringAt(c.traceState, rootAt) : ''),
    ...(incident ? { incidentId: incident.id } : {}),
  };
};

/** GET /api/v1/traces/:traceId/spans/:spanId: one span with everything it carries. */
export const getSpan: Handler = async (request, deps): Promise<SpanBody> => {
  const traceId = request.params['traceId'] ?? '';
  const spanId = spanIdOf(request.params['spanId'] ?? '');
  const { columns: c, count } = await spansOf(traceId, request, deps, 'full');
  let i = 0;
  while (i < count && toHex(c.spanId, i * SPAN_ID_BYTES, SPAN_ID_BYTES) !== spanId) i++;
  if (i === count) throw count === 0 ? unknownTrace(traceId) : noSuchSpan(traceId, spanId, count);
  const attributes = c.attributes?.[i] ?? {};
  const name = stringAt(c.name, i);
  const kind = SPAN_KINDS[c.kind[i] ?? 0] ?? 'unspecified';
  return {
    traceId: traceId.toLowerCase(),
    spanId,
    parentSpanId: toHex(c.parentSpanId, i * SPAN_ID_BYTES, SPAN_ID_BYTES).replace(/^0{16}$/, ''),
    name,
    label: spanLabel(name, kind, attributes),
    service: stringAt(c.service, i),
    kind,
    status: SPAN_STATUSES[c.status[i] ?? 0] ?? 'unset',
    statusMessage: c.statusMessage ? stringAt(c.statusMessage, i) : '',
    startTimeUnixNano: String(c.startTimeUnixNano[i] ?? 0n),
    durationMs: durationMs(c.durationNano[i] ?? 0n),
    attributes: attributeList(attributes),
    resource: attributeList(c.resource?.[i] ?? {}),
    events: (c.events?.[i] ?? []).map((event) => ({
      timeUnixNano: String(event.timeUnixNano),
      name: event.name,
      attributes: attributeList(event.attributes),
    })),
  };
};

function noSuchSpan(traceId: string, spanId: string, count: number): CollectorError {
  return new CollectorError(
    'not-found',
    `Trace ${traceId} is stored with ${count} spans, none of them ${spanId}.`,
  );
}
