/**
 * Makes a small case out of what `store export` wrote of a demo or a bench: `node test/helpers/recorded-case.ts EXPORT.jsonl
 * FROM TO [ONE_OF] > test/recorded/NAME.jsonl.zst`. Kept are the traces that began within the time (seconds since the epoch), one of so
 * many of them by their ids, the log lines of those traces or of none, and the series that explanations read.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { constants, zstdCompressSync } from 'node:zlib';
import { clientPool, serviceMetric } from '../../slo/index.ts';

type Json = Record<string, unknown>;

/** Series by the beginning of their names. */
const SERIES = [
  serviceMetric.requestDuration,
  serviceMetric.cpuSeconds,
  serviceMetric.maxProcs,
  serviceMetric.schedulerLatency,
  serviceMetric.gcDuration,
  'process_resident_memory_bytes',
  'process_start_time_seconds',
  'up',
  ...Object.values(clientPool).flatMap((pool) =>
    Object.values(pool).filter((name) => typeof name === 'string'),
  ),
];

const list = (owner: Json, key: string): Json[] => (owner[key] ?? []) as Json[];

async function linesOf(path: string): Promise<Json[]> {
  const lines: Json[] = [];
  for await (const line of createInterface({ input: createReadStream(path) }))
    if (line !== '') lines.push(JSON.parse(line) as Json);
  return lines;
}

/** Keeps of every resource and scope what `keep` says of its records; those that hold nothing go. */
function kept(
  line: Json,
  outer: string,
  middle: string,
  inner: string,
  keep: (record: Json) => Json | undefined,
): Json {
  const resources = list(line, outer).map((resource) => ({
    ...resource,
    [middle]: list(resource, middle)
      .map((scope) => ({ ...scope, [inner]: list(scope, inner).flatMap((record) => keep(record) ?? []) }))
      .filter((scope) => list(scope, inner).length > 0),
  }));
  return { [outer]: resources.filter((resource) => list(resource, middle).length > 0) };
}

async function main([path = '', from = '', to = '', oneOf = '1']: string[]): Promise<void> {
  if (!(Number(to) > Number(from)) || !(Number(oneOf) >= 1)) {
    console.error(
      'usage: recorded-case.ts EXPORT.jsonl FROM TO [ONE_OF], seconds since the epoch, FROM before TO',
    );
    process.exitCode = 2;
    return;
  }
  const within = (time: unknown) => Number(time) >= Number(from) * 1e9 && Number(time) < Number(to) * 1e9;
  const lines = await linesOf(path);
  const traces = new Set<unknown>();
  const spans = lines.map((line) =>
    kept(line, 'resourceSpans', 'scopeSpans', 'spans', (span) => {
      const isChosen = Number.parseInt(String(span['traceId']).slice(-8), 16) % Number(oneOf) === 0;
      if (!isChosen || !within(span['startTimeUnixNano'])) return undefined;
      traces.add(span['traceId']);
      return span;
    }),
  );
  const logs = lines.map((line) =>
    kept(line, 'resourceLogs', 'scopeLogs', 'logRecords', (record) => {
      const isOfTrace = record['traceId'] === undefined || traces.has(record['traceId']);
      return within(record['timeUnixNano']) && isOfTrace ? record : undefined;
    }),
  );
  const metrics = lines.map((line) =>
    kept(line, 'resourceMetrics', 'scopeMetrics', 'metrics', (metric) => {
      if (!SERIES.some((start) => String(metric['name']).startsWith(start))) return undefined;
      const type = ['gauge', 'sum', 'histogram', 'summary'].find((one) => metric[one] !== undefined)!;
      const data = metric[type] as Json;
      const dataPoints = list(data, 'dataPoints').filter((point) => within(point['timeUnixNano']));
      return dataPoints.length === 0 ? undefined : { ...metric, [type]: { ...data, dataPoints } };
    }),
  );
  const all = [...spans, ...logs, ...metrics].filter((line) =>
    Object.values(line).some((one) => (one as []).length > 0),
  );
  const params = { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_windowLog]: 24 };
  const text = `${all.map((line) => JSON.stringify(line)).join('\n')}\n`;
  process.stdout.write(zstdCompressSync(text, { params }));
}

await main(process.argv.slice(2));
