import { resourceAttribute, spanAttribute, unknownService } from '../../../slo/index.ts';
import type { RecordOffsets } from '../../telemetry/batch.ts';
import type { StringColumn } from '../../telemetry/columns.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { checkField, checkMessage } from '../protobuf/codec.ts';
import { WIRE, type WireReader } from '../protobuf/reader.ts';
import type { MessageType } from '../protobuf/schema.ts';
import { AttributeScanner } from './attribute-scanner.ts';
import { OTLP } from './messages.ts';

/**
 * Traces and logs have one form: groups (field 1) hold a resource (1) and scope groups (2), and these hold a scope
 * (1) and records (2).
 */
export interface Layout {
  root: MessageType;
  group: MessageType;
  scopeGroup: MessageType;
}

/** Records, resources or scopes of one body at the most: columns of empty records would outgrow the body. */
export const MAX_RECORDS = 1_000_000;

const FIRST = (1 << 3) | WIRE.bytes;
const SECOND = (2 << 3) | WIRE.bytes;
const SERVICE_NAME = Buffer.from(resourceAttribute.serviceName);
const ADJUSTED_COUNT = Buffer.from(spanAttribute.adjustedCount);

/** Scans record `i`, whose content lies between `reader.pos` and `reader.limit`. */
export type ScanRecord = (i: number) => void;

/**
 * Walks a whole body: checks groups, resources and scopes, notes where every record stands, and has each record
 * scanned by what `begin` makes for that many records. Gives the offsets and service.name of every record, and whether a
 * resource states an adjusted count.
 */
export function scanRecords(
  reader: WireReader,
  layout: Layout,
  begin: (count: number) => ScanRecord,
): { offsets: RecordOffsets; service: StringColumn; statesWeights: boolean } {
  const counts = countRecords(reader);
  reader.pos = 0;
  const walk = new RecordWalk(reader, layout, counts, begin(counts.records));
  walk.run();
  const { offsets, statesWeights } = walk;
  return { offsets, service: walk.serviceColumn(), statesWeights };
}

interface Counts {
  records: number;
  groups: number;
  scopes: number;
}

/** Counts by jumping from length to length, so that columns are allocated once and in their final size. */
function countRecords(reader: WireReader): Counts {
  const counts = { records: 0, groups: 0, scopes: 0 };
  eachNested(reader, FIRST, () => {
    counts.groups++;
    eachNested(reader, SECOND, () => {
      counts.scopes++;
      eachNested(reader, SECOND, () => {
        counts.records++;
        reader.pos = reader.limit;
      });
    });
  });
  if (Math.max(counts.records, counts.groups, counts.scopes) > MAX_RECORDS) {
    throw new CollectorError(
      'too-large',
      `the body holds more than ${MAX_RECORDS} records, resources or scopes: send smaller batches`,
    );
  }
  return counts;
}

/** Enters every field with tag `wanted` up to the end of the message, skips the others. */
function eachNested(reader: WireReader, wanted: number, visit: () => void): void {
  while (reader.pos < reader.limit) {
    const tag = reader.tag();
    if (tag === wanted) {
      const outer = reader.enter();
      visit();
      reader.leave(outer);
    } else reader.skip(tag);
  }
}

class RecordWalk {
  readonly offsets: RecordOffsets;
  statesWeights = false;
  readonly #reader: WireReader;
  readonly #layout: Layout;
  readonly #scanRecord: ScanRecord;
  readonly #attribute: AttributeScanner;
  readonly #services: string[] = [];
  #record = 0;
  #scope = 0;

  constructor(reader: WireReader, layout: Layout, counts: Counts, scanRecord: ScanRecord) {
    this.#reader = reader;
    this.#layout = layout;
    this.#scanRecord = scanRecord;
    this.#attribute = new AttributeScanner(reader);
    this.offsets = {
      offset: new Uint32Array(counts.records),
      length: new Uint32Array(counts.records),
      resource: new Uint32Array(counts.records),
      scope: new Uint32Array(counts.records),
      resources: new Uint32Array(counts.groups * 2),
      scopes: new Uint32Array(counts.scopes * 2),
    };
  }

  run(): void {
    const reader = this.#reader;
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === FIRST) this.#group();
      else checkField(reader, this.#layout.root, tag, 0);
    }
  }

  #group(): void {
    const reader = this.#reader;
    const group = this.#services.push(unknownService) - 1;
    let resourceSeen = false;
    const outer = reader.enter();
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === FIRST) {
        this.#once(resourceSeen, this.#layout.group, 'resource');
        resourceSeen = true;
        this.#resource(group);
      } else if (tag === SECOND) this.#scopeGroup(group);
      else checkField(reader, this.#layout.group, tag, 1);
    }
    reader.leave(outer);
  }

  /** A message given twice would have to be merged, which one pair of offsets cannot say; no sender does it. */
  #once(seen: boolean, type: MessageType, field: string): void {
    if (seen) this.#reader.fail(`${type.name}.${field} is given twice`);
  }

  #resource(group: number): void {
    const reader = this.#reader;
    const outer = reader.enter();
    this.#note(this.offsets.resources, group);
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag !== FIRST) checkField(reader, OTLP.Resource, tag, 2);
      else {
        this.#attribute.scan(3);
        if (this.#attribute.keyIs(SERVICE_NAME)) this.#services[group] = this.#serviceName();
        if (this.#attribute.keyIs(ADJUSTED_COUNT)) this.statesWeights = true;
      }
    }
    reader.leave(outer);
  }

  #serviceName(): string {
    const { textStart, textLength } = this.#attribute;
    return textLength > 0 ? this.#reader.text(textStart, textLength) : unknownService;
  }

  #scopeGroup(group: number): void {
    const reader = this.#reader;
    const scope = this.#scope++;
    let scopeSeen = false;
    const outer = reader.enter();
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === SECOND) this.#readRecord(group, scope);
      else if (tag === FIRST) {
        this.#once(scopeSeen, this.#layout.scopeGroup, 'scope');
        scopeSeen = true;
        const end = reader.enter();
        this.#note(this.offsets.scopes, scope);
        checkMessage(reader, OTLP.InstrumentationScope, 3);
        reader.leave(end);
      } else checkField(reader, this.#layout.scopeGroup, tag, 2);
    }
    reader.leave(outer);
  }

  #note(pairs: Uint32Array, entry: number): void {
    pairs[entry * 2] = this.#reader.pos;
    pairs[entry * 2 + 1] = this.#reader.limit - this.#reader.pos;
  }

  #readRecord(group: number, scope: number): void {
    const reader = this.#reader;
    const { offsets } = this;
    const i = this.#record++;
    const outer = reader.enter();
    offsets.offset[i] = reader.pos;
    offsets.length[i] = reader.limit - reader.pos;
    offsets.resource[i] = group;
    offsets.scope[i] = scope;
    this.#scanRecord(i);
    reader.leave(outer);
  }

  serviceColumn(): StringColumn {
    const dictionary = [...new Set(['', ...this.#services])];
    const positions = new Map(dictionary.map((service, i) => [service, i]));
    const byGroup = this.#services.map((service) => positions.get(service) ?? 0);
    return { dictionary, index: this.offsets.resource.map((group) => byGroup[group] ?? 0) };
  }
}
