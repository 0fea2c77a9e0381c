/**
 * What a store must answer, worked out the plain way over arrays of plain records. Nothing of the collector's own
 * code is used, so that an engine's mistake is not repeated here.
 */
import type {
  AggregateQuery,
  FindLogsQuery,
  FindTracesQuery,
  LabelMatcher,
  SeriesQuery,
  SpanFilter,
  TimeRange,
} from '../../collector/storage/store.ts';
import type { PlainExemplar, PlainLog, PlainSample, PlainSpan } from './telemetry.ts';

/** Words without numbers and quoted text, which is all that the tests' messages have of values. */
const template = (message: string) => message.replace(/"[^"]*"|\d+/g, '<*>');

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['unset', 'ok', 'error'];

interface TraceRow {
  traceId: string;
  hitSpanId: string;
  hitStart: bigint;
  hitDuration: bigint;
  hitStatus: number;
  hitHttpStatus: number;
  hitName: string;
  hitService: string;
  hitRoute: string;
  hitMethod: string;
  rootName: string;
  rootService: string;
  start: bigint;
  duration: bigint;
  spanCount: number;
  errorCount: number;
}

export class NaiveStore {
  readonly spans: PlainSpan[] = [];
  readonly logs: PlainLog[] = [];
  readonly samples: PlainSample[] = [];
  readonly exemplars: PlainExemplar[] = [];

  /** Spans of the traces by start, then ids; each once. */
  trace(traceIds: readonly string[]): PlainSpan[] {
    return this.#uniqueSpans()
      .filter((span) => traceIds.includes(span.traceId))
      .sort((a, b) => order(a.start, b.start) || order(a.traceId, b.traceId) || order(a.spanId, b.spanId));
  }

  /** Spans that began within the range, each once. */
  scanSpans(range: TimeRange): PlainSpan[] {
    return this.#uniqueSpans().filter((span) => within(span.start, range));
  }

  /** Records of the range by time, as templates; the tests' records name no caller. */
  scanLogs(range: TimeRange) {
    return this.findLogs({ ...range, order: 'oldest' }).map((log) => ({
      time: log.time,
      severityNumber: log.severityNumber,
      service: log.service,
      traceId: (log.traceId ?? '').padStart(32, '0'),
      spanId: (log.spanId ?? '').padStart(16, '0'),
      caller: '',
      template: template(log.body),
    }));
  }

  findTraces({ filter, order: by }: FindTracesQuery): TraceRow[] {
    const rows: TraceRow[] = [];
    for (const [traceId, spans] of Map.groupBy(this.#uniqueSpans(), (span) => span.traceId)) {
      const hits = spans.filter((span) => meets(span, filter)).sort(byStart);
      const hit = hits[0];
      if (hit === undefined) continue;
      const start = spans.map((span) => span.start).reduce((a, b) => (a < b ? a : b));
      const end = spans.map((span) => span.start + span.duration).reduce((a, b) => (a > b ? a : b));
      const tops = spans.filter((span) => !spans.some((other) => other.spanId === span.parentSpanId));
      const root = (tops.length > 0 ? tops : spans).toSorted(byStart)[0]!;
      rows.push({
        traceId,
        hitSpanId: hit.spanId,
        hitStart: hit.start,
        hitDuration: hit.duration,
        hitStatus: hit.status ?? 0,
        hitHttpStatus: hit.httpStatus ?? 0,
        hitName: hit.name,
        hitService: hit.service,
        hitRoute: hit.route ?? '',
        hitMethod: hit.method ?? '',
        rootName: root.name,
        rootService: root.service,
        start,
        duration: end - start,
        spanCount: spans.length,
        errorCount: spans.filter((span) => span.status === 2).length,
      });
    }
    const rank = (row: TraceRow) => (by === 'newest' ? row.hitStart : row.hitDuration);
    return rows.sort((a, b) => order(rank(b), rank(a)) || order(a.traceId, b.traceId));
  }

  /** Records of one time in the order of their appends, or the reverse of it. */
  findLogs(query: FindLogsQuery): PlainLog[] {
    const traceIds = query.traceIds?.map((traceId) => Buffer.from(traceId).toString('hex'));
    const found = this.logs.filter(
      (log) =>
        within(log.time, query) &&
        (query.service === undefined || log.service === query.service) &&
        log.severityNumber >= (query.minSeverityNumber ?? 0) &&
        (traceIds === undefined || traceIds.includes(log.traceId ?? '')) &&
        log.body.toLowerCase().includes((query.text ?? '').toLowerCase()) &&
        (query.template === undefined || template(log.body) === template(query.template)) &&
        (query.attributes ?? []).every(
          ({ key, value }) =>
            log.attributes?.[key] === value || (key === 'service.name' && log.service === value),
        ),
    );
    const sorted = found.sort((a, b) => order(a.time, b.time));
    return query.order === 'oldest' ? sorted : sorted.reverse();
  }

  series(query: SeriesQuery): { samples: PlainSample[]; exemplars: PlainExemplar[] } {
    const matches = ({ series }: PlainSample) =>
      query.matchers.every((matcher) => matchesLabel(matcher, series));
    const sorted = <T extends PlainSample>(records: readonly T[]) =>
      records
        .filter((record) => matches(record) && within(record.time, query))
        .toSorted((a, b) => order(seriesKey(a), seriesKey(b)) || order(a.time, b.time));
    const samples = sorted(this.samples);
    const exemplars = query.exemplars ? sorted(this.exemplars) : [];
    return {
      samples: samples.filter(
        (sample, i) =>
          seriesKey(sample) !== seriesKey(samples[i - 1]) || sample.time !== samples[i - 1]!.time,
      ),
      exemplars: exemplars.filter((one, i) => exemplars.findIndex((other) => same(one, other)) === i),
    };
  }

  aggregate({ filter, groupBy, stepNano, quantiles }: AggregateQuery) {
    const spans = this.#uniqueSpans().filter((span) => meets(span, filter));
    const groups = Map.groupBy(spans, (span) => {
      const behind = span.start - filter.fromUnixNano;
      const bucket = filter.fromUnixNano + (stepNano ? (behind / stepNano) * stepNano : 0n);
      return JSON.stringify([bucket.toString(), ...groupBy.map((key) => keyOf(span, key))]);
    });
    const rows = [...groups].map(([name, members]) => {
      const [bucket, ...keys] = JSON.parse(name) as string[];
      const durations = members.map((span) => Number(span.duration) / 1e6).sort((a, b) => a - b);
      return {
        bucket: BigInt(bucket!),
        keys,
        count: members.length,
        errors: members.filter((span) => span.status === 2).length,
        quantilesMs: quantiles.map((q) => quantileOf(durations, q)),
      };
    });
    return rows.sort((a, b) => order(a.bucket, b.bucket) || order(a.keys.join('\0'), b.keys.join('\0')));
  }

  #uniqueSpans(): PlainSpan[] {
    const seen = new Map<string, PlainSpan>();
    for (const span of this.spans) {
      const key = span.traceId + span.spanId;
      if (!seen.has(key)) seen.set(key, span);
    }
    return [...seen.values()];
  }
}

function order<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byStart(a: PlainSpan, b: PlainSpan): number {
  return order(a.start, b.start) || order(a.spanId, b.spanId);
}

function within(time: bigint, range: TimeRange): boolean {
  return time >= range.fromUnixNano && time < range.toUnixNano;
}

/** All attributes of a span and of its resource, as pairs. */
export function attributePairs(span: PlainSpan): [string, string][] {
  const own: Record<string, string> = { ...span.attributes };
  if (span.route) own['http.route'] = span.route;
  if (span.method) own['http.request.method'] = span.method;
  if (span.httpStatus) own['http.response.status_code'] = String(span.httpStatus);
  return [...Object.entries(own), ...Object.entries({ 'service.name': span.service, ...span.resource })];
}

function meets(span: PlainSpan, filter: SpanFilter): boolean {
  const pairs = attributePairs(span);
  const text = filter.text?.toLowerCase() ?? '';
  return (
    within(span.start, filter) &&
    (filter.service === undefined || span.service === filter.service) &&
    (filter.route === undefined || (span.route ?? '') === filter.route) &&
    (filter.method === undefined || (span.method ?? '') === filter.method) &&
    (filter.name === undefined || span.name === filter.name) &&
    (filter.kind === undefined || (span.kind ?? 0) === filter.kind) &&
    (filter.status === undefined || (span.status ?? 0) === filter.status) &&
    (filter.minDurationNano === undefined || span.duration >= filter.minDurationNano) &&
    (filter.maxDurationNano === undefined || span.duration <= filter.maxDurationNano) &&
    (filter.attributes ?? []).every(({ key, value }) => pairs.some(([k, v]) => k === key && v === value)) &&
    [span.name, ...pairs.flat()].some((part) => part.toLowerCase().includes(text))
  );
}

function keyOf(span: PlainSpan, key: AggregateQuery['groupBy'][number]): string {
  if (key === 'kind') return KINDS[span.kind ?? 0]!;
  if (key === 'status') return STATUSES[span.status ?? 0]!;
  if (key === 'service' || key === 'name') return span[key];
  if (key === 'route' || key === 'method') return span[key] ?? '';
  return attributePairs(span).find(([name]) => `attribute:${name}` === key)?.[1] ?? '';
}

function matchesLabel({ label, op, value }: LabelMatcher, series: PlainSample['series']): boolean {
  const text = label === '__name__' ? series.name : (series.labels[label] ?? '');
  const matches = op.endsWith('~') ? new RegExp(`^(?:${value})$`, 'su').test(text) : text === value;
  return op.startsWith('!') ? !matches : matches;
}

function seriesKey(sample: PlainSample | undefined): string {
  if (sample === undefined) return '';
  const { name, labels } = sample.series;
  const pairs = Object.entries(labels).sort(([a], [b]) => order(a, b));
  return [name, ...pairs.flat()].join('\0');
}

function same(a: PlainExemplar, b: PlainExemplar): boolean {
  return (
    seriesKey(a) === seriesKey(b) &&
    a.time === b.time &&
    Object.is(a.value, b.value) &&
    a.traceId === b.traceId &&
    a.spanId === b.spanId
  );
}

function quantileOf(sorted: readonly number[], q: number): number {
  const rank = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
  return below + (above - below) * (rank - Math.floor(rank));
}
