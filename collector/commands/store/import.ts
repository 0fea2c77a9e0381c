import { hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { type EmbeddedStore, openEmbeddedStore } from '../../storage/embedded/store.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { UsageProblem } from '../command.ts';
import type { StoreCommand } from './command.ts';
import { Importer } from './importer.ts';
import { linesOf, readFile } from './lines.ts';
import { readTable } from './parquet.ts';
import { batchesOfLine, batchOfRows } from './read-batches.ts';

const usage = `go-sre-collector store import FILE INPUT…: takes exported telemetry into a store

INPUT is OTLP/JSON, one request a line (what \`store export\` and the Collector's file exporter write; gzip too), or a
Parquet table of \`store export\`. FILE is made when there is none. A span that is stored already, by trace and span id, is
not stored again; nor are lines that an earlier import of the same file has stored. An import ends at the first line that
cannot be read: what is before it is stored, nothing of it, and nothing behind it.
`;

/** A request of more is a mistake, in a file as on the wire. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;
const NO_LIMITS = { retentionMs: 1e13, maxBytes: Number.MAX_SAFE_INTEGER };
const GZIP = [0x1f, 0x8b];
const PARQUET = Buffer.from('PAR1');

/** `store import FILE INPUT…` */
export const importCommand: StoreCommand = {
  summary: 'takes OTLP/JSON lines or exported Parquet in, nothing twice',
  usage,
  flags: {},
  run: async (paths, _flags, { tell, clock }) => {
    const [path, ...inputs] = paths;
    if (path === undefined || inputs.length === 0)
      throw new UsageProblem('import takes a FILE and what to import');
    const kinds = inputs.map((input) => ({ input, kind: kindOf(input) }));
    const store = await openEmbeddedStore(
      { path, ...NO_LIMITS },
      { clock, warn: (message) => tell(message) },
    );
    try {
      for (const { input, kind } of kinds) {
        const { records, skipped } = await (kind === 'parquet'
          ? importTable(store, input)
          : importLines(store, input, kind === 'gzip'));
        tell(
          `${input}: ${records} records imported${skipped === 0 ? '' : `, ${skipped} were stored before`}`,
        );
      }
      return 0;
    } finally {
      await store.close();
    }
  },
};

type Kind = 'lines' | 'gzip' | 'parquet';

/** What a file is, by its first bytes. Throws `store-failed` when it cannot be read. */
function kindOf(path: string): Kind {
  const head = Buffer.alloc(4);
  try {
    const file = openSync(path, 'r');
    try {
      readSync(file, head, 0, 4, 0);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CollectorError('store-failed', `${path} cannot be read: ${message}.`, { cause });
  }
  if (head.equals(PARQUET)) return 'parquet';
  return head[0] === GZIP[0] && head[1] === GZIP[1] ? 'gzip' : 'lines';
}

async function importLines(store: EmbeddedStore, input: string, isGzip: boolean): Promise<Importer> {
  return (await runLines(store, input, isGzip, true)) ?? (await runLines(store, input, isGzip, false))!;
}

/** Undefined when the lines that an earlier import stored are not those of this file: it is to be read from the start. */
async function runLines(
  store: EmbeddedStore,
  input: string,
  isGzip: boolean,
  resumes: boolean,
): Promise<Importer | undefined> {
  const importer = new Importer(store);
  let before: number | undefined;
  let last = 0;
  try {
    for await (const { number, bytes } of linesOf(readFile(input, isGzip), MAX_LINE_BYTES)) {
      before ??= (await importer.begin(bytes)) * (resumes ? 1 : 0);
      if (number > before) await importer.add(bytes, bytes.length === 0 ? [] : batchesOfLine(bytes));
      else if (!importer.pass(bytes)) return undefined;
      last = number;
    }
    if (before !== undefined && last < before) return undefined;
  } catch (cause) {
    if (!isOfInput(cause)) throw cause;
    if (last > 0) await importer.commit();
    throw stopped(input, `line ${last + 1}`, last === 0 ? undefined : `lines 1 to ${last}`, cause);
  }
  if (before !== undefined) await importer.commit();
  return importer;
}

async function importTable(store: EmbeddedStore, input: string): Promise<Importer> {
  return (await runTable(store, input, true)) ?? (await runTable(store, input, false))!;
}

/** As `runLines`, for the row groups of a table. */
async function runTable(
  store: EmbeddedStore,
  input: string,
  resumes: boolean,
): Promise<Importer | undefined> {
  const importer = new Importer(store);
  const table = await readTable(input);
  let before = 0;
  let last = 0;
  try {
    for (let group = 0; group < table.groups; group++) {
      const rows = await table.rows(group);
      const unit = Buffer.from(hash('sha256', rowsText(rows)));
      if (group === 0) before = (await importer.begin(unit)) * (resumes ? 1 : 0);
      if (group >= before) await importer.add(unit, [batchOfRows(table.signal, rows)]);
      else if (!importer.pass(unit)) return undefined;
      last = group + 1;
    }
  } catch (cause) {
    if (!isOfInput(cause)) throw cause;
    if (last > 0) await importer.commit();
    throw stopped(input, `row group ${last + 1}`, last === 0 ? undefined : `row groups 1 to ${last}`, cause);
  }
  if (last > 0) await importer.commit();
  return importer;
}

function rowsText(rows: readonly Record<string, unknown>[]): string {
  return JSON.stringify(rows, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

/** True for what the input is at fault for, not the store. */
function isOfInput(cause: unknown): cause is Error {
  if (cause instanceof CollectorError) return cause.code === 'bad-data' || cause.code === 'too-large';
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_');
}

function stopped(input: string, where: string, before: string | undefined, cause: Error): CollectorError {
  const stored =
    before === undefined ? 'Nothing of it is stored' : `${before} are stored, nothing of what follows`;
  const said = stored.charAt(0).toUpperCase() + stored.slice(1);
  return new CollectorError(
    'bad-data',
    `${input}, ${where}: ${cause.message}. ${said}; mend it and import the file again, nothing comes twice.`,
    { cause },
  );
}
