/** Samples and exemplars of the series that meet label matchers. */
import type { ExemplarColumns } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import {
  DEFAULT_LIMITS,
  type Page,
  type QueryOptions,
  type SeriesColumns,
  type SeriesQuery,
} from '../store.ts';
import type { BlockMeta, SampleColumns } from './block.ts';
import { Budget, type BudgetDeps } from './budget.ts';
import { Catalog } from './catalog.ts';
import type { QueryContext } from './context.ts';
import { copyId, FoundExemplars, FoundSamples, type Ordered } from './found-samples.ts';
import { compileMatchers } from './label-matcher.ts';
import { type PageRequest, pageRequest } from './page.ts';
import type { BlockReader } from './reader.ts';
import { compareKeys, type SeriesSet } from './series-set.ts';

/** A series that the matchers take; samples and exemplars know it by its number. */
interface FoundSeries {
  info: SeriesInfo;
  key: string;
  number: number;
}

interface Found {
  series: FoundSeries[];
  samples: FoundSamples;
  exemplars: FoundExemplars;
}

/** Samples of one answer in memory; a query above it would be refused by any chart as well. */
const MAX_SAMPLES = 5_000_000;
/** In place of a series' number: the matchers refuse it. */
const REFUSED = -1;

/** What is needed of the reader. */
type SeriesContext = Omit<QueryContext, 'reader'> & { reader: Pick<BlockReader, 'samples' | 'seriesSet'> };

/** Of blocks that are not there. */
const NO_BLOCKS: SeriesContext['reader'] = { samples: () => undefined, seriesSet: () => undefined };

/** As querySeries answers where no block holds samples of the range: without a reader, and with its errors. */
export function queryNoSeries(
  deps: BudgetDeps,
  query: SeriesQuery,
  options: QueryOptions = {},
): Promise<Page<SeriesColumns>> {
  return querySeries({ catalog: new Catalog(), reader: NO_BLOCKS, deps }, query, options);
}

export async function querySeries(
  context: SeriesContext,
  query: SeriesQuery,
  options: QueryOptions = {},
): Promise<Page<SeriesColumns>> {
  const budget = new Budget(options, context.deps);
  const request = pageRequest('series', query, options, DEFAULT_LIMITS.series, context.catalog.lastId);
  const found = await findSeries(context, query, request.lastBlock, budget);
  const sorted = inOrder(found.series);
  const samples = await found.samples.byTime(sorted.length, budget);
  const exemplars = await found.exemplars.byTime(sorted.length, budget);
  const { parts, more } = cutPage(sorted, found.samples, samples, exemplars, request);
  const columns = seriesColumns(parts, found, samples, exemplars, request.after === undefined);
  const last = parts.findLast((part) => part.to > part.from);
  const lastTime = columns.timeUnixNano.at(-1);
  return {
    columns,
    count: columns.value.length,
    matched: samples.positions.length,
    examined: budget.examined,
    ...(more && last ? { nextCursor: request.cursorAt([last.series.key, String(lastTime)]) } : {}),
  };
}

async function findSeries(
  context: SeriesContext,
  query: SeriesQuery,
  lastBlock: number,
  budget: Budget,
): Promise<Found> {
  const numbering = new Numbering(compileMatchers(query.matchers));
  const { found } = numbering;
  for (const meta of context.catalog.select('metrics', lastBlock, query)) {
    await budget.pause();
    const numbers = numbering.of(meta.seriesSet, () => context.reader.seriesSet(meta));
    const columns = numbers && context.reader.samples(meta);
    if (!columns) continue;
    budget.read(meta);
    takeSamples(found.samples, columns, numbers, query, isWithin(meta, query));
    if (found.samples.count > MAX_SAMPLES) {
      throw new CollectorError(
        'bad-request',
        `The query matches more than ${MAX_SAMPLES} samples; ask for a shorter time range or add a matcher.`,
      );
    }
    if (query.exemplars) takeExemplars(found.exemplars, columns, numbers, query);
  }
  return found;
}

/** Gives each series that the matchers take a number, the same in every set that has it. */
class Numbering {
  readonly found: Found = { series: [], samples: new FoundSamples(), exemplars: new FoundExemplars() };
  readonly #matches: (info: SeriesInfo) => boolean;
  /** By set: for each of its series the number; nothing when none is taken. */
  readonly #sets = new Map<number, Int32Array | undefined>();
  /** By key; empty while there is only one set. */
  readonly #known = new Map<string, number>();

  constructor(matches: (info: SeriesInfo) => boolean) {
    this.#matches = matches;
  }

  of(id: number, read: () => SeriesSet | undefined): Int32Array | undefined {
    if (this.#sets.has(id)) return this.#sets.get(id);
    const set = read();
    // A set that is gone is not remembered: another of its blocks may be of a newer state.
    if (set === undefined) return undefined;
    const numbers = this.#numbersIn(set);
    this.#sets.set(id, numbers);
    return numbers;
  }

  /** In the order of the keys, so that the series of one set need not be sorted. */
  #numbersIn({ series, keys, order }: SeriesSet): Int32Array | undefined {
    const all = this.found.series;
    const isFirst = all.length === 0;
    if (!isFirst && this.#known.size === 0) for (const { key, number } of all) this.#known.set(key, number);
    const numbers = new Int32Array(series.length).fill(REFUSED);
    let taken = 0;
    let before: string | undefined;
    for (const position of order) {
      const info = series[position]!;
      if (!this.#matches(info)) continue;
      taken++;
      const key = keys[position]!;
      // A set may hold a series twice.
      const known = key === before ? all.at(-1)?.number : this.#known.get(key);
      numbers[position] = known ?? all.push({ info, key, number: all.length }) - 1;
      if (!isFirst) this.#known.set(key, numbers[position]!);
      else before = key;
    }
    return taken > 0 ? numbers : undefined;
  }
}

/** The series by key; those of one set are in order already. */
function inOrder(series: readonly FoundSeries[]): readonly FoundSeries[] {
  const isSorted = series.every((one, i) => i === 0 || series[i - 1]!.key <= one.key);
  return isSorted ? series : series.toSorted((a, b) => compareKeys(a.key, b.key));
}

/** True when no time of the block needs to be looked at. */
function isWithin(meta: BlockMeta, { fromUnixNano, toUnixNano }: SeriesQuery): boolean {
  return meta.minUnixNano >= fromUnixNano && meta.maxUnixNano < toUnixNano;
}

function takeSamples(
  found: FoundSamples,
  { seriesIndex, timeUnixNano, value }: SampleColumns,
  numbers: Int32Array,
  { fromUnixNano, toUnixNano }: SeriesQuery,
  within: boolean,
): void {
  for (let i = 0; i < seriesIndex.length; i++) {
    const number = numbers[seriesIndex[i]!]!;
    if (number === REFUSED) continue;
    const time = timeUnixNano[i]!;
    if (within || (time >= fromUnixNano && time < toUnixNano)) found.push(number, time, value[i]!);
  }
}

function takeExemplars(
  found: FoundExemplars,
  { exemplars }: SampleColumns,
  numbers: Int32Array,
  { fromUnixNano, toUnixNano }: SeriesQuery,
): void {
  for (let i = 0; i < exemplars.seriesIndex.length; i++) {
    const number = numbers[exemplars.seriesIndex[i]!]!;
    if (number === REFUSED) continue;
    const time = exemplars.timeUnixNano[i]!;
    if (time >= fromUnixNano && time < toUnixNano) found.take(number, exemplars, i);
  }
}

/** A series of the page, and where its part of the ordered samples begins and ends. */
interface Part {
  series: FoundSeries;
  from: number;
  to: number;
}

/** The page's part of every series. All exemplars of the answer come with its first page. */
function cutPage(
  sorted: readonly FoundSeries[],
  { time }: FoundSamples,
  samples: Ordered,
  exemplars: Ordered,
  { limit, after }: PageRequest,
): { parts: Part[]; more: boolean } {
  const [afterKey = '', afterTime = '0'] = after ?? [];
  const parts: Part[] = [];
  let room = limit;
  let more = false;
  for (const series of sorted) {
    if (after !== undefined && series.key < afterKey) continue;
    const end = samples.from[series.number + 1]!;
    let from = samples.from[series.number]!;
    if (after !== undefined && series.key === afterKey) {
      while (from < end && time[samples.positions[from]!]! <= BigInt(afterTime)) from++;
    }
    const to = Math.min(end, from + room);
    room -= to - from;
    if (to < end) more = true;
    const hasExemplars = exemplars.from[series.number + 1]! > exemplars.from[series.number]!;
    if (to > from || (after === undefined && hasExemplars)) parts.push({ series, from, to });
  }
  return { parts, more };
}

function seriesColumns(
  parts: readonly Part[],
  found: Found,
  { positions }: Ordered,
  exemplars: Ordered,
  withExemplars: boolean,
): SeriesColumns {
  const count = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const seriesIndex = new Uint32Array(count);
  const timeUnixNano = new BigInt64Array(count);
  const value = new Float64Array(count);
  let at = 0;
  for (const [n, { from, to }] of parts.entries()) {
    for (let i = from; i < to; i++, at++) {
      const position = positions[i]!;
      seriesIndex[at] = n;
      timeUnixNano[at] = found.samples.time[position]!;
      value[at] = found.samples.value[position]!;
    }
  }
  return {
    series: parts.map((part) => part.series.info),
    ...{ seriesIndex, timeUnixNano, value },
    exemplars: exemplarColumns(withExemplars ? parts : [], found.exemplars, exemplars),
  };
}

function exemplarColumns(
  parts: readonly Part[],
  found: FoundExemplars,
  { from, positions }: Ordered,
): ExemplarColumns {
  const range = ({ series: { number } }: Part) => positions.subarray(from[number], from[number + 1]);
  const count = parts.reduce((sum, part) => sum + range(part).length, 0);
  const columns = {
    seriesIndex: new Uint32Array(count),
    timeUnixNano: new BigInt64Array(count),
    value: new Float64Array(count),
    traceId: new Uint8Array(count * TRACE_ID_BYTES),
    spanId: new Uint8Array(count * SPAN_ID_BYTES),
  };
  let at = 0;
  for (const [n, part] of parts.entries()) {
    for (const position of range(part)) {
      columns.seriesIndex[at] = n;
      columns.timeUnixNano[at] = found.time[position]!;
      columns.value[at] = found.value[position]!;
      copyId(found.traceId, position, columns.traceId, at, TRACE_ID_BYTES);
      copyId(found.spanId, position, columns.spanId, at++, SPAN_ID_BYTES);
    }
  }
  return columns;
}
