/** Small batches of one commit as few blocks: a block costs the same whether it holds eight records or a thousand. */
import type {
  Batch,
  LogBatch,
  LogIndex,
  RecordOffsets,
  SpanBatch,
  SpanIndex,
} from '../../telemetry/batch.ts';
import type { StringColumn } from '../../telemetry/columns.ts';
import type { LeanBatch } from './block.ts';
import { ColumnRoom, type Columns } from './column-room.ts';
import { leanBody } from './lean-body.ts';

/**
 * Records and bytes of a block; a batch that alone has more becomes a block of its own. A search among unsealed blocks inflates
 * whole ones: larger blocks make it slower, smaller ones the writing.
 */
const MAX_RECORDS = 2048;
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * The batches with those of one kind joined, in order of arrival. Joined are spans and logs of one encoding,
 * compression and resource whose bodies may follow one another: records of protobuf, lines of a log, members of a gzip
 * file. The bodies of uncompressed OTLP are streams of `leanBody` afterwards. Streams and joined columns are overwritten when the next
 * batch is asked for; the columns lie in `room`.
 * Checkpoints are left out. Throws what a malformed batch makes it throw: check the shapes before.
 */
export function* coalesce(batches: readonly Batch[], room = new ColumnRoom()): Generator<Batch | LeanBatch> {
  for (const run of runsOf(batches)) {
    room.clear();
    yield lean(run, room) ?? (run.length === 1 ? run[0]! : join(run, room));
  }
}

/** The run as one batch with a lean body; undefined when it is of another kind. */
function lean(run: readonly Batch[], room: ColumnRoom): LeanBatch | undefined {
  const [first] = run;
  if (!first || first.signal === 'metrics' || first.compression !== 'none' || first.body.length === 0) {
    return undefined;
  }
  if (first.encoding !== 'otlp-protobuf') return undefined;
  const made = leanBody(run as readonly (SpanBatch | LogBatch)[]);
  if (made === undefined) return undefined;
  const body = { body: made.stream, offsets: made.offsets, compression: 'interned' } as const;
  const count = run.reduce((sum, batch) => sum + batch.count, 0);
  if (run.length === 1) return { ...first, ...body };
  return first.signal === 'traces'
    ? { ...first, count, index: joinSpans(run as readonly SpanBatch[], room), ...body }
    : { ...first, count, index: joinLogs(run as readonly LogBatch[], room), ...body };
}

/** Batches that go into one block each; a run ends when it is full. */
function runsOf(batches: readonly Batch[]): Batch[][] {
  const runs: Batch[][] = [];
  const open = new Map<string, { run: Batch[]; records: number; bytes: number }>();
  for (const batch of batches) {
    const key = keyOf(batch);
    if (key === undefined) {
      runs.push([batch]);
      continue;
    }
    const bytes = plainLength(batch);
    let current = open.get(key);
    if (!current || current.records + batch.count > MAX_RECORDS || current.bytes + bytes > MAX_BYTES) {
      current = { run: [], records: 0, bytes: 0 };
      runs.push(current.run);
      open.set(key, current);
    }
    current.run.push(batch);
    current.records += batch.count;
    current.bytes += bytes;
  }
  return runs;
}

/** What batches of one block have in common; undefined for those that stay alone. */
function keyOf(batch: Batch): string | undefined {
  const { signal, encoding, compression, resource } = batch;
  if (signal === 'metrics' || batch.count >= MAX_RECORDS) return undefined;
  // Of compressed bodies only gzip's may follow one another, and the length of each must be known.
  if (compression === 'zstd' || (compression === 'gzip' && batch.inflated === undefined)) return undefined;
  // Without a body a batch is nothing but columns.
  if (batch.body.length === 0 || encoding === 'none') return undefined;
  let key: string = `${signal} ${encoding} ${compression}`;
  for (const name in resource) key += `\0${name}\0${resource[name]}`;
  return key;
}

/** Bytes of the body as its offsets count them. */
function plainLength(batch: Batch): number {
  return (batch.compression === 'none' ? batch.body : batch.inflated!).length;
}

function join(run: readonly Batch[], room: ColumnRoom): Batch {
  const first = run[0]!;
  const count = run.reduce((sum, batch) => sum + batch.count, 0);
  const shared = {
    ...{ encoding: first.encoding, compression: first.compression, resource: first.resource, count },
    body: Buffer.concat(run.map((batch) => batch.body)),
    offsets: joinOffsets(run, room),
  };
  return first.signal === 'traces'
    ? { ...shared, signal: 'traces', index: joinSpans(run as readonly SpanBatch[], room) }
    : { ...shared, signal: 'logs', index: joinLogs(run as readonly LogBatch[], room) };
}

function joinSpans(run: readonly SpanBatch[], room: ColumnRoom): SpanIndex {
  const of = <C extends Columns>(pick: (index: SpanIndex) => C) =>
    concat(
      run.map(({ index }) => pick(index)),
      room,
    );
  const strings = (pick: (index: SpanIndex) => StringColumn) =>
    joinStrings(
      run.map(({ index }) => pick(index)),
      room,
    );
  return {
    traceId: of((index) => index.traceId),
    spanId: of((index) => index.spanId),
    parentSpanId: of((index) => index.parentSpanId),
    startTimeUnixNano: of((index) => index.startTimeUnixNano),
    durationNano: of((index) => index.durationNano),
    kind: of((index) => index.kind),
    status: of((index) => index.status),
    name: strings((index) => index.name),
    service: strings((index) => index.service),
    route: strings((index) => index.route),
    method: strings((index) => index.method),
    httpStatus: of((index) => index.httpStatus),
    statesWeights: run.some(({ index }) => index.statesWeights !== false),
    hasTraceState: run.some(({ index }) => index.hasTraceState !== false),
  };
}

function joinLogs(run: readonly LogBatch[], room: ColumnRoom): LogIndex {
  const of = <C extends Columns>(pick: (index: LogIndex) => C) =>
    concat(
      run.map(({ index }) => pick(index)),
      room,
    );
  return {
    timeUnixNano: of((index) => index.timeUnixNano),
    severityNumber: of((index) => index.severityNumber),
    service: joinStrings(
      run.map(({ index }) => index.service),
      room,
    ),
    traceId: of((index) => index.traceId),
    spanId: of((index) => index.spanId),
  };
}

function concat<C extends Columns>(parts: readonly C[], room: ColumnRoom): C {
  const whole = room.like(
    parts[0]!,
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part as never, at);
    at += part.length;
  }
  return whole;
}

function joinStrings(parts: readonly StringColumn[], room: ColumnRoom): StringColumn {
  const dictionary = [''];
  const positions = new Map<string, number>([['', 0]]);
  const index = concat(
    parts.map((part) => part.index),
    room,
  );
  let at = 0;
  for (const part of parts) {
    const position = new Uint32Array(part.dictionary.length);
    for (let entry = 0; entry < position.length; entry++) {
      const text = part.dictionary[entry]!;
      let known = positions.get(text);
      if (known === undefined) {
        known = dictionary.push(text) - 1;
        positions.set(text, known);
      }
      position[entry] = known;
    }
    for (let end = at + part.index.length; at < end; at++) index[at] = position[index[at]!]!;
  }
  return { dictionary, index };
}

function joinOffsets(run: readonly Batch[], room: ColumnRoom): RecordOffsets {
  const of = (pick: (offsets: RecordOffsets) => Uint32Array) =>
    concat(
      run.map(({ offsets }) => pick(offsets)),
      room,
    );
  const joined: RecordOffsets = {
    offset: of((offsets) => offsets.offset),
    length: of((offsets) => offsets.length),
    resource: of((offsets) => offsets.resource),
    scope: of((offsets) => offsets.scope),
    resources: of((offsets) => offsets.resources),
    scopes: of((offsets) => offsets.scopes),
  };
  const at = { record: 0, bytes: 0, resource: 0, scope: 0 };
  for (const batch of run) {
    const { offset, resources, scopes } = batch.offsets;
    const end = at.record + offset.length;
    for (let i = at.record; i < end; i++) {
      joined.offset[i]! += at.bytes;
      joined.resource[i]! += at.resource;
      joined.scope[i]! += at.scope;
    }
    for (let i = 0; i < resources.length; i += 2) joined.resources[at.resource * 2 + i]! += at.bytes;
    for (let i = 0; i < scopes.length; i += 2) joined.scopes[at.scope * 2 + i]! += at.bytes;
    at.record = end;
    at.bytes += plainLength(batch);
    at.resource += resources.length >>> 1;
    at.scope += scopes.length >>> 1;
  }
  return joined;
}
