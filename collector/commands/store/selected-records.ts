/** Records of a store in the order in which they arrived, in portions of bounded size. */
import { label, resourceAttribute, unknownService } from '../../../slo/index.ts';
import type { BlockMeta } from '../../storage/embedded/block.ts';
import type { StoredFile } from '../../storage/embedded/stored-file.ts';
import { logsOf, type SampleRow, samplesOf, spansOf } from '../../storage/embedded/stored-records.ts';
import type { Attributes, LogRecord, Span } from '../../telemetry/model.ts';
import { isSelected, mayHold, type Selection } from './selection.ts';

/** Some records of one signal. */
export type Portion =
  | { signal: 'traces'; records: Span[] }
  | { signal: 'logs'; records: LogRecord[] }
  | { signal: 'metrics'; records: SampleRow[] };

/** Yields the selected records, at most `size` at a time. Throws `store-damaged` at a block that cannot be read. */
export function* selectedRecords(file: StoredFile, selection: Selection, size: number): Generator<Portion> {
  const blocks = file.catalog.all().filter((block) => mayHold(block, selection));
  blocks.sort((a, b) => a.firstMember - b.firstMember || a.id - b.id);
  for (const block of blocks) {
    if (block.signal === 'traces') {
      for (const records of portions(spansIn(file, block, selection), size))
        yield { signal: 'traces', records };
    } else if (block.signal === 'logs') {
      for (const records of portions(logsIn(file, block, selection), size)) yield { signal: 'logs', records };
    } else {
      for (const records of portions(samplesIn(file, block, selection), size))
        yield { signal: 'metrics', records };
    }
  }
}

function* spansIn({ reader }: StoredFile, block: BlockMeta, selection: Selection): Generator<Span> {
  for (const span of spansOf(reader, block)) {
    if (isSelected(selection, span.startTimeUnixNano, serviceOf(span.resource))) yield span;
  }
}

function* logsIn({ reader }: StoredFile, block: BlockMeta, selection: Selection): Generator<LogRecord> {
  for (const record of logsOf(reader, block)) {
    if (isSelected(selection, record.timeUnixNano, serviceOf(record.resource))) yield record;
  }
}

function* samplesIn({ reader }: StoredFile, block: BlockMeta, selection: Selection): Generator<SampleRow> {
  for (const sample of samplesOf(reader, block)) {
    if (isSelected(selection, sample.timeUnixNano, sample.series.labels[label.job])) yield sample;
  }
}

function serviceOf(resource: Attributes): unknown {
  return resource[resourceAttribute.serviceName] || unknownService;
}

function* portions<T>(records: Iterable<T>, size: number): Generator<T[]> {
  let portion: T[] = [];
  for (const record of records) {
    portion.push(record);
    if (portion.length < size) continue;
    yield portion;
    portion = [];
  }
  if (portion.length > 0) yield portion;
}
