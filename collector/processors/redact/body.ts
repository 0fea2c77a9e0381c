import { OTLP } from '../../formats/otlp-protobuf/messages.ts';
import type { LogBatch, RecordOffsets, SpanBatch } from '../../telemetry/batch.ts';
import { maskJsonLine } from './json-line.ts';
import { ProtobufTexts } from './protobuf-texts.ts';
import type { TextMasker } from './text-masker.ts';

/** Masks, in place, what is secret in the records and resources of a body in which `places` (in order) are to be looked at. */
export function maskBody(
  body: Uint8Array,
  batch: SpanBatch | LogBatch,
  places: readonly number[],
  masker: TextMasker,
): void {
  const hasPlace = (start: number, end: number) => masker.looksAtAll || anyWithin(places, start, end);
  const { offsets } = batch;
  if (batch.encoding === 'log-lines') {
    for (let i = 0; i < batch.count; i++) {
      const start = offsets.offset[i]!;
      const end = start + offsets.length[i]!;
      if (hasPlace(start, end)) maskLine(body, start, end, masker, hasPlace);
    }
    return;
  }
  const texts = new ProtobufTexts(body, masker, hasPlace);
  const record = batch.signal === 'traces' ? OTLP.Span : OTLP.LogRecord;
  eachWithin(offsets, places, masker.looksAtAll, (i) => {
    const start = offsets.offset[i]!;
    texts.mask(record, start, start + offsets.length[i]!);
  });
  for (const [pairs, type] of [
    [offsets.resources, OTLP.Resource],
    [offsets.scopes, OTLP.InstrumentationScope],
  ] as const) {
    for (let i = 0; i < pairs.length; i += 2) {
      const start = pairs[i]!;
      const end = start + pairs[i + 1]!;
      if (hasPlace(start, end)) texts.mask(type, start, end);
    }
  }
}

/** Visits the records in which there is a place; records stand in a body in the order in which they are counted. */
function eachWithin(
  offsets: RecordOffsets,
  places: readonly number[],
  all: boolean,
  visit: (i: number) => void,
): void {
  const count = offsets.offset.length;
  let next = 0;
  for (let i = 0; i < count && (all || next < places.length); i++) {
    const end = offsets.offset[i]! + offsets.length[i]!;
    while (next < places.length && places[next]! < offsets.offset[i]!) next++;
    if (all || (next < places.length && places[next]! < end)) visit(i);
  }
}

function anyWithin(places: readonly number[], start: number, end: number): boolean {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return low < places.length && places[low]! < end;
}

function maskLine(
  body: Uint8Array,
  start: number,
  end: number,
  masker: TextMasker,
  hasPlace: (start: number, end: number) => boolean,
): void {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const line = buffer.toString('latin1', start, end);
  const masked =
    maskJsonLine(line, masker, (from, to) => hasPlace(start + from, start + to)) ?? masker.mask(line);
  if (masked !== line) buffer.write(masked, start, 'latin1');
}
