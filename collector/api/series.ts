import type { LabelMatcher, SeriesColumns } from '../storage/store.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../telemetry/ids.ts';
import type { Handler } from './deps.ts';
import { oneOf, optionsOf, rangeOf } from './params.ts';
import type { SeriesBody } from './types.ts';

/** Samples of one answer; a longer range asks for the next page. */
const MAX_SAMPLES = 100_000;

/** Reads a Prometheus series selector: NAME, {l="v"} or NAME{l="v",m=~"a|b"}. */
export function parseSelector(selector: string): LabelMatcher[] {
  const outer = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{(.*)\})?\s*$/s.exec(selector);
  if (!outer || (!outer[1] && !outer[2]?.trim())) throw badSelector(selector);
  const matchers: LabelMatcher[] = outer[1] ? [{ label: '__name__', op: '=', value: outer[1] }] : [];
  const one = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/sy;
  const inner = outer[2] ?? '';
  while (one.lastIndex < inner.length && inner.slice(one.lastIndex).trim() !== '') {
    const match = one.exec(inner);
    if (!match) throw badSelector(selector);
    const value = (match[3] ?? '').replace(/\\(.)/g, (_all, c: string) => (c === 'n' ? '\n' : c));
    matchers.push({ label: match[1] ?? '', op: match[2] as LabelMatcher['op'], value });
  }
  return matchers;
}

function badSelector(selector: string): CollectorError {
  return new CollectorError(
    'bad-request',
    `match=${selector}: must be a series selector such as http_requests_total{job="shop",code=~"5.."}.`,
  );
}

/** The answer's rows, one per series; one pass over the samples and one over the exemplars, however many series. */
export function seriesRows(c: SeriesColumns): SeriesBody['series'] {
  const rows = c.series.map(({ name, labels }): SeriesBody['series'][number] => ({
    ...{ name, labels },
    ...{ timeUnixNano: [], value: [], exemplars: [] },
  }));
  for (let i = 0; i < c.seriesIndex.length; i++) {
    const row = rows[c.seriesIndex[i] ?? 0];
    const value = c.value[i] ?? Number.NaN;
    row?.timeUnixNano.push(String(c.timeUnixNano[i] ?? 0n));
    row?.value.push(Number.isFinite(value) ? value : null);
  }
  const e = c.exemplars;
  for (let i = 0; i < e.seriesIndex.length; i++) {
    rows[e.seriesIndex[i] ?? 0]?.exemplars.push({
      timeUnixNano: String(e.timeUnixNano[i] ?? 0n),
      value: e.value[i] ?? 0,
      traceId: toHex(e.traceId, i * TRACE_ID_BYTES, TRACE_ID_BYTES),
      spanId: toHex(e.spanId, i * SPAN_ID_BYTES, SPAN_ID_BYTES),
    });
  }
  return rows;
}

/** GET /api/v1/series: samples of the series that a selector names, with their exemplars when asked for. */
export const getSeries: Handler = async (request, deps): Promise<SeriesBody> => {
  const exemplars = oneOf(request, 'exemplars', ['true', 'false'], 'false') === 'true';
  const matchers = parseSelector(request.query['match'] ?? '');
  const page = await deps.store.series(
    { ...rangeOf(request, deps.clock), matchers, exemplars },
    { ...optionsOf(request), limit: MAX_SAMPLES },
  );
  return {
    matched: page.matched,
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    series: seriesRows(page.columns),
  };
};
