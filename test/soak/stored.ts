// What the store holds at the end, asked through its contract.
import { DatabaseSync } from 'node:sqlite';
import type { Store } from '../../collector/storage/store.ts';
import { spanIdOf, spansIn, traceIdOf } from './requests.ts';

const ALL = { fromUnixNano: 0n, toUnixNano: 2n ** 62n };
const TRACES_AT_ONCE = 500;
const PAGE = 50_000;

/** How often each span of the stream's requests is answered: `copies[n][i]`. */
export async function spanCopies(store: Store, stream: number, requests: number): Promise<number[][]> {
  const copies = Array.from({ length: requests }, (_, n) => new Array<number>(spansIn(n)).fill(0));
  for (let from = 0; from < requests; from += TRACES_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(TRACES_AT_ONCE, requests - from) }, (_, k) => from + k);
    const traceIds = numbers.map((n) => new Uint8Array(traceIdOf(stream, n)));
    const { columns, count } = await store.trace({ traceIds, detail: 'index' }, { limit: PAGE });
    const spanIds = Buffer.from(columns.spanId);
    for (let row = 0; row < count; row++) {
      const n = spanIds.readUInt32BE(row * 8) - 1;
      const i = spanIds.readUInt32BE(row * 8 + 4) - 1;
      const own = copies[n];
      if (own?.[i] === undefined || !spanIdOf(n, i).equals(spanIds.subarray(row * 8, row * 8 + 8))) {
        throw new Error(
          `a span is stored that nobody sent: ${spanIds.toString('hex', row * 8, row * 8 + 8)}`,
        );
      }
      own[i]!++;
    }
  }
  return copies;
}

/** How often each body of the service's log records is stored. */
export async function logCopies(store: Store, service: string): Promise<Map<string, number>> {
  const copies = new Map<string, number>();
  for (let cursor: string | undefined; ; ) {
    const page = await store.findLogs(
      { ...ALL, service, order: 'oldest' },
      { limit: PAGE, ...(cursor !== undefined && { cursor }) },
    );
    const { dictionary, index } = page.columns.body;
    for (const position of index) {
      const body = dictionary[position]!;
      copies.set(body, (copies.get(body) ?? 0) + 1);
    }
    cursor = page.nextCursor;
    if (cursor === undefined) return copies;
  }
}

/** Samples of the series of this name: lane, time and value of each. */
export async function samplesOf(
  store: Store,
  name: string,
): Promise<{ lane: string; timeUnixNano: bigint; value: number }[]> {
  const found: { lane: string; timeUnixNano: bigint; value: number }[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = {
      ...ALL,
      matchers: [{ label: '__name__', op: '=', value: name } as const],
      exemplars: false,
    };
    const page = await store.series(query, { limit: PAGE, ...(cursor !== undefined && { cursor }) });
    const { series, seriesIndex, timeUnixNano, value } = page.columns;
    for (let i = 0; i < page.count; i++) {
      const lane = series[seriesIndex[i]!]!.labels['lane'] ?? '';
      found.push({ lane, timeUnixNano: timeUnixNano[i]!, value: value[i]! });
    }
    cursor = page.nextCursor;
    if (cursor === undefined) return found;
  }
}

/** Records that the blocks of a closed store hold of a service, those that a query answers once among them. */
export function storedRecords(path: string, signal: string, service: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = db.prepare('SELECT services, service_records FROM blocks WHERE signal = ?').all(signal);
    return rows.reduce((sum, row) => {
      const at = (JSON.parse(row['services'] as string) as string[]).indexOf(service);
      return sum + ((JSON.parse(row['service_records'] as string) as [number, number][])[at]?.[0] ?? 0);
    }, 0);
  } finally {
    db.close();
  }
}

/** Blocks by stage, for the notes: a soak in which nothing was sealed has shown nothing of sealing. */
export function blockStages(path: string): { raw: number; sealed: number } {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const count = (stage: number) =>
      Number(db.prepare('SELECT count(*) AS n FROM blocks WHERE stage = ?').get(stage)?.['n']);
    return { raw: count(0), sealed: count(1) };
  } finally {
    db.close();
  }
}
