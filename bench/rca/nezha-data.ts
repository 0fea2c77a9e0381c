// Labelled faults of TrainTicket as Nezha published them: folders of CSV, one file a minute, plain or compressed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';

/** One injected fault. */
export interface Fault {
  id: string;
  day: string;
  injected_at: string;
  service: string;
  type: string;
  minutes: string[];
  evidence: string;
}

export interface SpanRow {
  traceId: string;
  spanId: string;
  parentId: string;
  pod: string;
  name: string;
  start: bigint;
  end: bigint;
}

export interface LogRow {
  time: bigint;
  pod: string;
  traceId: string;
  spanId: string;
  /** As the service wrote it: time, level, place, message. */
  line: string;
}

export interface UsageRow {
  time: bigint;
  pod: string;
  cores: number;
  memoryBytes: number;
}

const HOW_TO_GET = `the labelled faults are not here. Clone https://github.com/IntelligentDDS/Nezha (MIT) and give a folder laid out like this:
  faults.json            [{"id","day","injected_at","service","type","minutes":["08_43",…],"evidence"}]
  DAY/trace/08_43_trace.csv   DAY/log/08_43_log.csv   DAY/metric/POD_metric.csv   (or each with .zst)
  fault-free/DAY/…            the same of quiet minutes, when there are some
with: npm run bench -- rca-nezha --data FOLDER`;

/** Reads faults.json. @throws Error that says how to get the data */
export function readFaults(folder: string | undefined): Fault[] {
  const file = folder === undefined ? '' : join(folder, 'faults.json');
  if (!existsSync(file)) throw new Error(HOW_TO_GET);
  return JSON.parse(readFileSync(file, 'utf8')) as Fault[];
}

/** Folders of a day's files, of faults and of quiet minutes. */
export function daysOf(folder: string, faults: readonly Fault[]): string[] {
  const days = [...new Set(faults.map(({ day }) => day))].sort();
  return days
    .flatMap((day) => [join(folder, day), join(folder, 'fault-free', day)])
    .filter((one) => existsSync(one));
}

export function* readSpans(day: string): Generator<SpanRow> {
  for (const row of rowsOf(join(day, 'trace'))) {
    const [traceId, spanId, parentId, pod, name, start, end] = row;
    if (end === undefined || !/^\d+$/.test(end)) continue;
    yield {
      traceId: traceId!,
      spanId: spanId!,
      parentId: parentId!,
      pod: pod!,
      name: name!,
      start: BigInt(start!),
      end: BigInt(end),
    };
  }
}

export function* readLogs(day: string): Generator<LogRow> {
  for (const [, time, , pod, , traceId, spanId, text] of rowsOf(join(day, 'log'))) {
    if (text === undefined || !/^\d+$/.test(time!)) continue;
    yield { time: BigInt(time!), pod: pod!, traceId: traceId!, spanId: spanId!, line: lineOf(text) };
  }
}

/** The container runtime wraps a line in JSON. */
function lineOf(text: string): string {
  try {
    return String((JSON.parse(text) as { log: unknown }).log).trimEnd();
  } catch {
    return text.trimEnd();
  }
}

export function* readUsage(day: string): Generator<UsageRow> {
  const seen = new Set<string>();
  for (const [, seconds, pod, cpuMilli, , memoryMi] of rowsOf(join(day, 'metric'))) {
    if (memoryMi === undefined || pod === 'Frontend' || !Number.isFinite(Number(memoryMi))) continue;
    if (seen.has(`${pod} ${seconds}`)) continue;
    seen.add(`${pod} ${seconds}`);
    yield {
      time: BigInt(seconds!) * 1_000_000_000n,
      pod: pod!,
      cores: Number(cpuMilli) / 1000,
      memoryBytes: Number(memoryMi) * 2 ** 20,
    };
  }
}

/** Rows below the header of every file of a folder; none where it is missing. */
function* rowsOf(folder: string): Generator<string[]> {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).sort()) {
    if (!/\.csv(\.zst)?$/.test(name)) continue;
    const bytes = readFileSync(join(folder, name));
    const text = (name.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes).toString('utf8');
    let isHeader = true;
    for (const row of csvRows(text)) {
      if (!isHeader) yield row;
      isHeader = false;
    }
  }
}

/** RFC 4180: quoted fields, doubled quotes. */
function* csvRows(text: string): Generator<string[]> {
  let row: string[] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] === '"') {
      let field = '';
      for (at++; ; at++) {
        const quote = text.indexOf('"', at);
        if (quote < 0) throw new Error('a quoted field does not end');
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
      }
      row.push(field);
    } else {
      const start = at;
      while (at < text.length && text[at] !== ',' && text[at] !== '\n') at++;
      row.push(text.slice(start, at).replace(/\r$/, ''));
    }
    if (text[at] === '\r') at++;
    if (text[at] === ',') at++;
    else {
      at++;
      yield row;
      row = [];
    }
  }
  if (row.length > 0) yield row;
}

/** The service of a pod of a Deployment: its name without the hashes of replica set and pod. */
export function serviceOf(pod: string): string {
  return pod.replace(/-[0-9a-f]{6,10}-[0-9a-z]{5}$/, '');
}
