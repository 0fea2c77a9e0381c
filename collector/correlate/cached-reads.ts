import type { Store } from '../storage/store.ts';

/**
 * A view of the store that answers the same question once: the kinds of evidence share cohorts and series, and each
 * asks for what it needs by itself. Lives as long as one explanation; failures are not kept.
 */
export function cachedReads(store: Store): Store {
  const answers = new Map<string, Promise<unknown>>();
  const once = <A>(
    name: string,
    query: object,
    options: object | undefined,
    ask: () => Promise<A>,
  ): Promise<A> => {
    const key = `${name}${JSON.stringify([query, options], keyPart)}`;
    let answer = answers.get(key) as Promise<A> | undefined;
    if (!answer) {
      answer = ask();
      answers.set(key, answer);
      answer.catch(() => answers.delete(key));
    }
    return answer;
  };
  return {
    append: (batches) => store.append(batches),
    trace: (q, o) => once('trace', q, o, () => store.trace(q, o)),
    findTraces: (q, o) => once('findTraces', q, o, () => store.findTraces(q, o)),
    findLogs: (q, o) => once('findLogs', q, o, () => store.findLogs(q, o)),
    series: (q, o) => once('series', q, o, () => store.series(q, o)),
    aggregate: (q, o) => once('aggregate', q, o, () => store.aggregate(q, o)),
    // Too much to be kept: who scans, counts as it reads.
    scanSpans: (q, o) => store.scanSpans(q, o),
    scanLogs: (q, o) => store.scanLogs(q, o),
    spanDensity: (q, o) => once('spanDensity', q, o, () => store.spanDensity(q, o)),
    put: (kind, document) => store.put(kind, document),
    list: (kind, query) => store.list(kind, query),
    checkpoint: (source) => store.checkpoint(source),
    status: () => store.status(),
    evict: () => store.evict(),
    close: () => store.close(),
  };
}

/** JSON of what queries hold beyond JSON; the reader's presence is no part of the question. */
function keyPart(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value instanceof AbortSignal ? undefined : value;
}
