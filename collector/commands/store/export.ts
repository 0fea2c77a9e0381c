import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import {
  renderLogsJson,
  renderMetricsJson,
  renderTracesJson,
} from '../../formats/otlp-json/render-message.ts';
import { toMetricsMessage } from '../../formats/otlp-json/series-request.ts';
import { toLogsMessage, toTracesMessage } from '../../formats/otlp-protobuf/to-messages.ts';
import { openStoredFile, type StoredFile } from '../../storage/embedded/stored-file.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { UsageProblem } from '../command.ts';
import type { FlagValues, StoreCommand } from './command.ts';
import { TableWriter } from './parquet.ts';
import { type Portion, selectedRecords } from './selected-records.ts';
import { readSelection, type Selection } from './selection.ts';
import { rowOfLog, rowOfSample, rowOfSpan } from './tables.ts';

const usage = `go-sre-collector store export FILE [flags]: writes what is stored in a form that others read

  --format otlp-json    OTLP/JSON, one request a line (default), to standard output or --out
  --format parquet      one table of spans, log records or samples; needs --out and one --signal
  --out PATH            a file that does not exist yet; it is there when the export is whole
  --signal LIST         of traces, logs, metrics (default: all)
  --from TIME, --to TIME  from inclusive, to exclusive: 2026-01-02T03:04:05Z, or seconds since the epoch
  --service NAME        service.name of spans and log records, job of samples

The collector may not have the store open. \`store import\` reads both forms, the Collector's otlpjsonfile receiver the first.
`;

/** Records in a line: what is in memory at once. */
const LINE_RECORDS = 500;

/** `store export FILE` */
export const exportCommand: StoreCommand = {
  summary: 'writes OTLP/JSON lines or Parquet',
  usage,
  flags: {
    format: { type: 'string' },
    out: { type: 'string' },
    signal: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    service: { type: 'string' },
  },
  run: async (paths, flags, { output, tell, baseDir }) => {
    const [path, ...more] = paths;
    if (path === undefined || more.length > 0) throw new UsageProblem('export takes one FILE');
    const selection = readSelection(flags);
    const out = flags['out'] === undefined ? undefined : resolve(baseDir, String(flags['out']));
    const write = formatOf(flags, selection, out);
    if (out !== undefined && existsSync(out))
      throw new UsageProblem(`--out ${out}: there is such a file already`);
    const file = openStoredFile(path);
    try {
      const records =
        out === undefined ? await writeLines(file, selection, output) : await write(file, selection, out);
      tell(`${records} records exported`);
      return 0;
    } finally {
      file.close();
    }
  },
};

type WriteTo = (file: StoredFile, selection: Selection, out: string) => Promise<number>;

function formatOf(flags: FlagValues, selection: Selection, out: string | undefined): WriteTo {
  const format = flags['format'] ?? 'otlp-json';
  if (format === 'otlp-json') return whole(linesInto);
  if (format !== 'parquet') throw new UsageProblem(`--format ${format}: must be otlp-json or parquet`);
  if (out === undefined) throw new UsageProblem('--format parquet needs --out');
  if (selection.signals.length !== 1) {
    throw new UsageProblem('--format parquet writes one table: name its --signal');
  }
  return whole(tableInto);
}

/** Writes under another name first, so that there is never a part of an export under the name that was given. */
function whole(write: WriteTo): WriteTo {
  return async (file, selection, out) => {
    const partial = `${out}.partial`;
    try {
      const records = await write(file, selection, partial);
      renameSync(partial, out);
      return records;
    } catch (error) {
      rmSync(partial, { force: true });
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      throw new CollectorError('store-failed', `${out} cannot be written: ${error.message}.`, {
        cause: error,
      });
    }
  };
}

async function linesInto(file: StoredFile, selection: Selection, out: string): Promise<number> {
  const stream = createWriteStream(out);
  await once(stream, 'open');
  const records = await writeLines(file, selection, stream);
  stream.end();
  await once(stream, 'close');
  return records;
}

async function writeLines(file: StoredFile, selection: Selection, output: Writable): Promise<number> {
  let records = 0;
  for (const portion of selectedRecords(file, selection, LINE_RECORDS)) {
    records += portion.records.length;
    if (!output.write(`${lineOf(portion)}\n`)) await once(output, 'drain');
  }
  return records;
}

function lineOf(portion: Portion): string {
  if (portion.signal === 'traces') return renderTracesJson(toTracesMessage(portion.records));
  if (portion.signal === 'logs') return renderLogsJson(toLogsMessage(portion.records));
  return renderMetricsJson(toMetricsMessage(portion.records));
}

async function tableInto(file: StoredFile, selection: Selection, out: string): Promise<number> {
  const table = new TableWriter(out, selection.signals[0]!);
  let records = 0;
  for (const portion of selectedRecords(file, selection, LINE_RECORDS)) {
    records += portion.records.length;
    for (const row of rowsOf(portion)) await table.push(row);
  }
  await table.finish();
  return records;
}

function rowsOf(portion: Portion) {
  if (portion.signal === 'traces') return portion.records.map(rowOfSpan);
  if (portion.signal === 'logs') return portion.records.map(rowOfLog);
  return portion.records.map(rowOfSample);
}
