/** Parquet files of the tables, written and read by row groups, so that memory stays bounded. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, type SchemaElement } from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { CollectorError } from '../../telemetry/errors.ts';
import type { Signal } from '../../telemetry/model.ts';
import { type Row, TABLES } from './tables.ts';

/** Rows of a row group: what is in memory at once. */
const GROUP_ROWS = 20_000;
const SIGNAL_KEY = 'go-sre.signal';
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

const ELEMENT: Record<string, Omit<SchemaElement, 'name'>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  time: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' } },
  nanos: { type: 'INT64' },
  int: { type: 'INT32' },
  double: { type: 'DOUBLE' },
  bool: { type: 'BOOLEAN' },
};

/** Writes rows of one table into a file that is whole only after `finish`. */
export class TableWriter {
  readonly #signal: Signal;
  readonly #writer: ParquetWriter;
  #rows: Row[] = [];

  constructor(path: string, signal: Signal) {
    this.#signal = signal;
    const columns = Object.entries(TABLES[signal]);
    this.#writer = new ParquetWriter({
      writer: fileWriter(path),
      schema: [
        { name: 'root', num_children: columns.length },
        ...columns.map(([name, type]) => ({ name, repetition_type: 'REQUIRED' as const, ...ELEMENT[type] })),
      ],
      codec: 'ZSTD',
      compressors: { ZSTD: (input) => zstdCompressSync(input, LEVEL) },
      kvMetadata: [{ key: SIGNAL_KEY, value: signal }],
      createdBy: 'go-sre-collector',
    });
  }

  async push(row: Row): Promise<void> {
    this.#rows.push(row);
    if (this.#rows.length >= GROUP_ROWS) await this.#flush();
  }

  async finish(): Promise<void> {
    if (this.#rows.length > 0) await this.#flush();
    await this.#writer.finish();
  }

  async #flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    const columnData = Object.keys(TABLES[this.#signal]).map((name) => ({
      name,
      data: rows.map((row) => row[name]),
    }));
    await this.#writer.write({ columnData, rowGroupSize: GROUP_ROWS });
  }
}

/** Row groups of an exported table, and of which signal they are. Throws `bad-data` for any other file. */
export async function readTable(
  path: string,
): Promise<{ signal: Signal; groups: number; rows(group: number): Promise<Row[]> }> {
  const file = await asyncBufferFromFile(path);
  const metadata = await readable(path, () => parquetMetadataAsync(file));
  const named = metadata.key_value_metadata?.find(({ key }) => key === SIGNAL_KEY)?.value;
  const signal = (Object.keys(TABLES) as Signal[]).find((one) => one === named);
  if (!signal) {
    throw new CollectorError(
      'bad-data',
      `${path} is no table that \`store export\` wrote: it names no signal`,
    );
  }
  const starts = [0];
  for (const { num_rows: rows } of metadata.row_groups) starts.push(starts.at(-1)! + Number(rows));
  const rows = (group: number) =>
    readable(`row group ${group + 1} of ${path}`, () =>
      parquetReadObjects({
        ...{ file, metadata, rowStart: starts[group]!, rowEnd: starts[group + 1]! },
        compressors: { ZSTD: (input) => zstdDecompressSync(input) },
        parsers: { timestampFromNanoseconds: (nanos) => nanos },
      }),
    );
  return { signal, groups: metadata.row_groups.length, rows };
}

async function readable<T>(what: string, read: () => Promise<T> | T): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CollectorError('bad-data', `${what} cannot be read as Parquet: ${message}`, { cause });
  }
}
