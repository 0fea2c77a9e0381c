/** Records decoded from the bodies of blocks, with what the block's receiver knew of their resource. */
import { decodeLogLine } from '../../formats/log-line/decode-log-line.ts';
import { decodeLogRecord, decodeSpan } from '../../formats/otlp-protobuf/decode-record.ts';
import type { RecordOffsets } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { Attributes, LogRecord, Span } from '../../telemetry/model.ts';
import { attributeText } from '../attribute-text.ts';
import type { BlockMeta } from './block.ts';
import { messageOf } from './file.ts';

/** Body of a block, uncompressed, and where its records stand in it. */
export interface Records {
  body: Uint8Array;
  offsets: RecordOffsets;
}

/** What of a span stands in its body only. */
export type SpanDetail = Pick<Span, 'attributes' | 'resource' | 'events' | 'statusMessage' | 'traceState'>;
/** What of a log record stands in its body only. */
export type LogDetail = Pick<LogRecord, 'attributes' | 'resource' | 'body' | 'scope'>;

/** Detail of span `i`; without attributes when the block has no body. */
export function spanDetail(meta: BlockMeta, records: Records | undefined, i: number): SpanDetail {
  if (records === undefined || meta.encoding !== 'otlp-protobuf') {
    return { attributes: {}, resource: meta.resource, events: [], statusMessage: '', traceState: '' };
  }
  const span = decoded(meta, i, () => decodeSpan(records.body, records.offsets, i));
  return { ...span, resource: { ...meta.resource, ...span.resource } };
}

/** Detail of log record `i`; empty when the block has no body. */
export function logDetail(meta: BlockMeta, records: Records | undefined, i: number): LogDetail {
  if (records === undefined || meta.encoding === 'none') {
    return { attributes: {}, resource: meta.resource, body: '', scope: '' };
  }
  const { body, offsets } = records;
  const record = decoded(meta, i, () => {
    if (meta.encoding === 'otlp-protobuf') return decodeLogRecord(body, offsets, i);
    const from = offsets.offset[i] ?? 0;
    return decodeLogLine(body.subarray(from, from + (offsets.length[i] ?? 0)), {});
  });
  return { ...record, resource: { ...meta.resource, ...record.resource } };
}

/** True when every pair is among the attributes, those of the record or those of its resource. */
export function hasAttributes(
  detail: { attributes: Attributes; resource: Attributes },
  wanted: readonly { key: string; value: string }[],
): boolean {
  return wanted.every(({ key, value }) =>
    [detail.attributes, detail.resource].some(
      (attributes) => Object.hasOwn(attributes, key) && attributeText(attributes[key]) === value,
    ),
  );
}

/** True when a key or value contains the lower-case text, in either case. */
export function mentions(attributes: Attributes, text: string): boolean {
  return Object.entries(attributes).some(
    ([key, value]) => key.toLowerCase().includes(text) || attributeText(value).toLowerCase().includes(text),
  );
}

/** What `decode` gives; what it throws is `store-damaged` and names the record. */
export function decoded<T>(meta: BlockMeta, i: number, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new CollectorError(
      'store-damaged',
      `Record ${i} of block ${meta.id} (${meta.signal}) cannot be decoded: ${messageOf(cause)}. Ask for another time range, or restore a copy of the file.`,
      { cause },
    );
  }
}
