// How long do queries take over a million and ten million spans, sealed and not, while spans come in at half the rate that
// our collector takes at the most? The readers are those of the collector, over the file that it is writing.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { attributeText } from '../collector/storage/attribute-text.ts';
import { ReaderPool } from '../collector/storage/embedded/reader-pool.ts';
import type { SpanColumns, SpanFilter, TimeRange } from '../collector/storage/store.ts';
import { fromHex, TRACE_ID_BYTES } from '../collector/telemetry/ids.ts';
import { sleep } from '../demo/wait.ts';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { buildLoad, type LoadResult, prepareLoad } from './collector/load.ts';
import { buildOurs, type Ours, startOurs, storedIn, withoutSealing } from './collector/ours.ts';
import { allKept } from './collector/round.ts';
import { startServer } from './processes.ts';
import { cell, type Table } from './report.ts';
import { quantile } from './statistics.ts';

const records = 512;
const millionRequests = 1954;
/** Ten million spans. */
const defaultRequests = 19_532;
const sealedWithinMs = 900_000;
const pollMs = 500;
/** Larger than what comes, so that nothing is evicted. */
const maxSize = '100GB';
const cacheBytes = 64 * 1024 * 1024;
/** A value is rare when it is met once among the spans of so many traces, common when it is met more often. */
const sampledTraces = 200;
/** The answer of a rare one tells of so many traces at the most: the others are common after all. */
const rareTraces = 100;
const asked = { trace: 300, rare: 200, common: 20, hot: 40, quantiles: 20 } as const;
/** Of ten million unsealed spans every search reads all bodies anew: their filters are larger than what is kept of them. */
const askedOfManyHot = 3;
const options = { limit: 20, timeoutMs: 600_000 };
/** Sent while queries run: more than they will wait for. */
const backgroundRequests = 1_000_000;

interface Pair {
  key: string;
  value: string;
}

/** Milliseconds of the queries of one kind. */
type Times = readonly number[];

/** What was measured over one number of spans. */
export interface Measured {
  trace: Times;
  rare: Times;
  common: Times;
  quantiles: Times;
  hot: Times;
}

interface Filled {
  range: TimeRange;
  traceIds: Uint8Array[];
  perSecond: number;
}

async function fill(ours: Ours, sender: string, requests: number, deps: BenchDeps): Promise<Filled> {
  const before = await ours.kept('traces');
  const fromUnixNano = BigInt(Date.now() - 60_000) * 1_000_000n;
  const prepared = await prepareLoad(sender, ours.otlp, { records, requests }, deps);
  const result: LoadResult = await Promise.race([prepared.send(), ours.died]);
  await prepared.stop();
  if (result.byStatus['200'] !== requests)
    throw new Error(`requests were refused: ${JSON.stringify(result.byStatus)} by status`);
  await allKept(ours, 'traces', before + result.records);
  return {
    range: { fromUnixNano, toUnixNano: BigInt(Date.now()) * 1_000_000n },
    traceIds: result.traceIds.flatMap((hex) => fromHex(hex, TRACE_ID_BYTES) ?? []),
    perSecond: result.recordsASecond,
  };
}

/** Waits until no more is sealed, which leaves what does not fill a block. */
async function settled(ours: Ours): Promise<void> {
  const deadline = performance.now() + sealedWithinMs;
  for (let before = -1; ; ) {
    const { sealed, records: all } = storedIn(ours.store, 'traces');
    if (sealed === all || (sealed === before && sealed > all * 0.95)) return;
    if (performance.now() > deadline) throw new Error(`only ${sealed} of ${all} spans were sealed`);
    before = sealed;
    await Promise.race([sleep(pollMs * 6), ours.died]);
  }
}

/** Runs `work` while spans come at half the rate of before. */
async function underLoad<T>(
  ours: Ours,
  sender: string,
  perSecond: number,
  deps: BenchDeps,
  work: () => Promise<T>,
): Promise<T> {
  const flags = [
    `-addr=${ours.otlp}`,
    `-records=${records}`,
    `-requests=${backgroundRequests}`,
    `-rate=${Math.round(perSecond / 2)}`,
  ];
  // Ended amid its requests, which a conversation would wait for.
  const load = startServer({
    command: 'sh',
    args: ['-c', `echo '{}' | '${sender}' ${flags.join(' ')}`],
    env: deps.env,
    signal: deps.signal,
  });
  try {
    return await Promise.race([work(), ours.died, load.died]);
  } finally {
    await load.stop();
  }
}

async function timed(
  count: number,
  ask: (n: number) => Promise<number>,
): Promise<{ ms: number; matched: number }[]> {
  const times: { ms: number; matched: number }[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    const matched = await ask(n);
    times.push({ ms: performance.now() - began, matched });
  }
  return times;
}

/** Attributes of spans that are met once, and those that are met more often. */
export function pairsOf(columns: Pick<SpanColumns, 'attributes'>): { rare: Pair[]; common: Pair[] } {
  const counts = new Map<string, { pair: Pair; count: number }>();
  for (const attributes of columns.attributes ?? []) {
    for (const [key, value] of Object.entries(attributes)) {
      const pair = { key, value: attributeText(value) };
      const known = counts.get(`${key}=${pair.value}`);
      if (known) known.count++;
      else counts.set(`${key}=${pair.value}`, { pair, count: 1 });
    }
  }
  const pairs = [...counts.values()];
  return {
    rare: inTurn(pairs.filter(({ count }) => count === 1).map(({ pair }) => pair)),
    common: inTurn(pairs.filter(({ count }) => count > 1).map(({ pair }) => pair)),
  };
}

/** One pair of each key after the other, so that no key is asked for more often than there is reason to. */
function inTurn(pairs: readonly Pair[]): Pair[] {
  const byKey = [...Map.groupBy(pairs, ({ key }) => key).values()];
  const most = Math.max(0, ...byKey.map((values) => values.length));
  return Array.from({ length: most }, (_, n) => byKey.flatMap((values) => values[n] ?? [])).flat();
}

async function measure(
  ours: Ours,
  { range, traceIds }: Filled,
  kinds: readonly (keyof Measured)[],
  spans: number,
  deps: BenchDeps,
): Promise<Measured> {
  const readers = new ReaderPool({
    path: ours.store,
    cacheBytes,
    workers: Math.max(1, Math.floor(availableParallelism() / 2)),
  });
  try {
    const sample = await readers.ask(
      'trace',
      { traceIds: traceIds.slice(0, sampledTraces), detail: 'attributes' },
      {},
    );
    const { rare, common } = pairsOf(sample.columns);
    const find = async (pair: Pair | undefined) => {
      const filter: SpanFilter = { ...range, ...(pair ? { attributes: [pair] } : {}) };
      return (await readers.ask('findTraces', { filter, order: 'newest' }, options)).matched;
    };
    const run = async (kind: keyof Measured, ask: (n: number) => Promise<number>, most = Infinity) => {
      if (!kinds.includes(kind)) return [];
      deps.tell(`asking: ${kind}`);
      const count = kind === 'hot' && spans > 1e7 ? askedOfManyHot : asked[kind];
      const answers = await timed(count, ask);
      const times = answers.filter(({ matched }) => matched <= most).map(({ ms }) => ms);
      // Now, too: the whole takes long, and may be ended before it tells anything.
      if (times.length > 0)
        deps.tell(
          `${kind}: ${[0.5, 0.95, 0.99].map((q) => `p${q * 100} ${cell(quantile(times, q))} ms`).join(', ')}`,
        );
      return times;
    };
    const byRoute = { filter: range, groupBy: ['route' as const], quantiles: [0.99] };
    return {
      trace: await run('trace', async (n) => {
        const ids = [traceIds[(n * 7) % traceIds.length]!];
        return (await readers.ask('trace', { traceIds: ids, detail: 'full' }, options)).matched;
      }),
      rare: await run('rare', (n) => find(rare[n % rare.length]), rareTraces),
      common: await run('common', (n) => find(common[n % common.length])),
      hot: await run('hot', (n) => find(rare[n % rare.length]), rareTraces),
      quantiles: await run(
        'quantiles',
        async () => (await readers.ask('aggregate', byRoute, options)).matched,
      ),
    };
  } finally {
    await readers.close();
  }
}

const nothing: Measured = { trace: [], rare: [], common: [], quantiles: [], hot: [] };

const p = (times: Times, q: number): number | null => (times.length === 0 ? null : quantile(times, q));

/** Figures out of the times over a million spans and over all of them: pure. */
export function queryFigures(million: Measured, all: Measured): Findings<'query'>['figures'] {
  const of = (measured: Measured) => ({
    traceP99Ms: p(measured.trace, 0.99),
    attributeSealedP95Ms: p(measured.rare, 0.95),
    attributeHotP95Ms: p(measured.hot, 0.95),
    quantileByRouteMs: p(measured.quantiles, 0.5),
  });
  const [one, ten] = [of(million), of(all)];
  return {
    traceP99Ms1M: one.traceP99Ms,
    traceP99Ms10M: ten.traceP99Ms,
    attributeSealedP95Ms1M: one.attributeSealedP95Ms,
    attributeSealedP95Ms10M: ten.attributeSealedP95Ms,
    attributeHotP95Ms1M: one.attributeHotP95Ms,
    attributeHotP95Ms10M: ten.attributeHotP95Ms,
    quantileByRouteMs1M: one.quantileByRouteMs,
    quantileByRouteMs10M: ten.quantileByRouteMs,
  };
}

function timesTable(measured: readonly { spans: number; times: Measured }[]): Table {
  const kinds: [keyof Measured, string][] = [
    ['trace', 'trace by id, in full'],
    ['rare', 'equality, rare value, sealed'],
    ['common', 'equality, common value, sealed'],
    ['quantiles', 'p99 of the duration by route'],
    ['hot', 'equality, rare value, not sealed'],
  ];
  return {
    head: ['milliseconds', 'spans', 'queries', 'p50', 'p95', 'p99', 'first'],
    rows: measured.flatMap(({ spans, times }) =>
      kinds
        .filter(([kind]) => times[kind].length > 0)
        .map(([kind, name]) => [
          name,
          cell(spans),
          cell(times[kind].length),
          ...[0.5, 0.95, 0.99].map((q) => cell(quantile(times[kind], q))),
          cell(times[kind][0]!),
        ]),
    ),
  };
}

/** A store of a million spans that grows to `requests`; measured at both sizes. */
async function atBothSizes(
  name: string,
  config: { store: Record<string, unknown> },
  kinds: readonly (keyof Measured)[],
  binaries: { built: string; sender: string },
  deps: BenchDeps,
): Promise<{ spans: number; times: Measured }[]> {
  const { requests = defaultRequests } = deps.settings;
  const { built, sender } = binaries;
  const ours = await startOurs(built, join(deps.folder, name), { config }, deps);
  try {
    const found: { spans: number; times: Measured }[] = [];
    let filled = 0;
    for (const size of [Math.min(millionRequests, requests), requests]) {
      if (size <= filled) continue;
      deps.tell(`${name}: ${size * records} spans`);
      const part = await fill(ours, sender, size - filled, deps);
      filled = size;
      if (kinds.includes('rare')) {
        deps.tell(`${name}: waiting until all is sealed`);
        await settled(ours);
      }
      const range = { ...part.range, fromUnixNano: 0n };
      const times = await underLoad(ours, sender, part.perSecond, deps, () =>
        measure(ours, { ...part, range }, kinds, size * records, deps),
      );
      found.push({ spans: size * records, times });
    }
    return found;
  } finally {
    await ours.stop();
  }
}

export const query: Bench<'query'> = {
  question: 'how long queries take over a million and ten million spans, while others come in',
  async run(deps) {
    const binaries = { built: await buildOurs(deps), sender: await buildLoad(deps) };
    const store = { maxSize };
    const sealed = await atBothSizes(
      'sealed',
      { store },
      ['trace', 'rare', 'common', 'quantiles'],
      binaries,
      deps,
    );
    const hotStore = { store: { ...store, ...withoutSealing.store } };
    const hot = await atBothSizes('hot', hotStore, ['hot'], binaries, deps);
    const both = sealed.map(({ spans, times }, n) => ({
      spans,
      times: { ...times, hot: hot[n]!.times.hot },
    }));
    const notes = [
      'Spans come in all the while at half the rate that the store was filled at; they are outside of the range asked for.',
      `A rare value is met once in ${sampledTraces} traces, and at most ${rareTraces} traces have it; its times are the figures. A common one may be in every block, and all traces that have it are counted.`,
      'The first search among unsealed spans inflates all of their bodies; a filter of each that it makes serves the next.',
      'A query goes to a worker of this process, by the code of the collector, over the file that the collector is writing.',
    ];
    // A figure of another number of spans than its name says would be none.
    const atLeast = (spans: number) => both.find((one) => one.spans >= spans)?.times ?? nothing;
    return { tables: [timesTable(both)], notes, figures: queryFigures(atLeast(1e6), atLeast(1e7)) };
  },
};
