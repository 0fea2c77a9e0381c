// Looks over the API for what a sender says it sent.
import type { LogsBody, SeriesBody, TraceBody, TracesBody } from '../../collector/api/types.ts';
import { httpPath } from '../../slo/index.ts';
import type { Finder, Found, Task } from './sender.ts';

const PAGE = 500;
/** An hour before and after now. */
const RANGE_NANOS = 3_600_000_000_000n;

async function ask<T>(api: string, path: string, query: Record<string, string> = {}): Promise<T> {
  const response = await fetch(`${api}${httpPath.api}${path}?${new URLSearchParams(query)}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** Every page of a list. */
async function* pages<T extends { nextCursor?: string }>(
  api: string,
  path: string,
  query: Record<string, string>,
): AsyncGenerator<T> {
  // A cursor belongs to one range of time.
  const now = BigInt(Date.now()) * 1_000_000n;
  const range = { from: String(now - RANGE_NANOS), to: String(now + RANGE_NANOS) };
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? {} : { cursor };
    const page: T = await ask<T>(api, path, { ...query, ...range, limit: String(PAGE), ...more });
    yield page;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

async function series(api: string, match: string): Promise<SeriesBody['series']> {
  return (await ask<SeriesBody>(api, 'series', { match })).series;
}

/** How many of `expected` are in `there`, and how many of them more than once. */
function compare(expected: readonly string[], there: readonly string[]): Found {
  const times = new Map<string, number>();
  for (const item of there) times.set(item, (times.get(item) ?? 0) + 1);
  const found = expected.filter((item) => times.has(item));
  return {
    sent: expected.length,
    found: found.length,
    doubled: found.filter((item) => times.get(item)! > 1).length,
  };
}

/** What every sender writes behind the number, so that other than ASCII passes every encoding. */
const ODD_TEXT = '"ä€😀"';

/** Finds each item of one of our programs: spans by ids and name, log records by text, counters by their label. */
export const itemsFound: Finder = async (api, signal, task, output) => {
  if (signal === 'traces') return spansFound(api, output);
  const numbers = Array.from({ length: task.count }, (_, i) => i);
  if (signal === 'logs') {
    const expected = numbers.map((i) => `log ${i} of ${task.service} ${ODD_TEXT}`);
    return compare(expected, await logTexts(api, task));
  }
  const items = await series(api, `sender_items_total{job="${task.service}"}`);
  const sizes = await series(api, `sender_sizes_count{job="${task.service}"}`);
  const there = items.filter(({ value }) => value.at(-1) === 1).map(({ labels }) => labels['item'] ?? '');
  const histogram = sizes.filter(({ value }) => value.at(-1) === task.count).map(() => 'histogram');
  return compare([...numbers.map(String), 'histogram'], [...there, ...histogram]);
};

async function spansFound(api: string, output: string): Promise<Found> {
  const { spans } = JSON.parse(output) as { spans: { trace: string; span: string }[] };
  const there: string[] = [];
  for (const { trace } of spans) {
    const found = await ask<TraceBody>(api, `traces/${trace}`).catch(() => undefined);
    found?.spanId.forEach((span, i) => {
      there.push(`${trace} ${span} ${found.name.dictionary[found.name.index[i]!]}`);
    });
  }
  return compare(
    spans.map(({ trace, span }, i) => `${trace} ${span} item ${i} ${ODD_TEXT}`),
    there,
  );
}

async function logTexts(api: string, { service }: Task): Promise<string[]> {
  const texts: string[] = [];
  for await (const { logs } of pages<LogsBody>(api, 'logs', { service })) {
    texts.push(...logs.map(({ body }) => body));
  }
  return texts;
}

/** Spans that telemetrygen makes for a trace: a parent and its child. */
export const SPANS_OF_TRACE = 2;

/** Counts what a service sent that says nothing of itself. */
export const countFound: Finder = async (api, signal, task) => {
  const { service, count } = task;
  if (signal === 'logs') return counted(count, (await logTexts(api, task)).length);
  if (signal === 'metrics') {
    const samples = (await series(api, `gen{job="${service}"}`)).flatMap(({ timeUnixNano }) => timeUnixNano);
    return counted(count, samples.length);
  }
  let spans = 0;
  for await (const { traces } of pages<TracesBody>(api, 'traces', { service })) {
    for (const { spanCount } of traces) spans += spanCount;
  }
  return counted(count, spans);
};

function counted(sent: number, there: number): Found {
  return { sent, found: Math.min(sent, there), doubled: Math.max(0, there - sent) };
}
