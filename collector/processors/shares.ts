import { label } from '../../slo/index.ts';
import type { Batch, LogBatch, SampleBatch, SpanBatch } from '../telemetry/batch.ts';

/** What of a batch one service sent. */
export interface Share {
  service: string;
  records: number;
  bytes: number;
}

/** A sample without a body of its own: its time and its value. */
const BYTES_PER_SAMPLE = 16;

/**
 * The services of a batch and what each sent: records, and bytes of the uncompressed body. Nearly every batch is of one
 * service, which its columns tell without a look at the records. Samples count for the job they were scraped as.
 */
export function sharesOf(batch: Batch): Share[] {
  if (batch.count === 0) return [];
  return batch.signal === 'metrics' ? sharesOfSamples(batch) : sharesOfRecords(batch);
}

function sharesOfRecords(batch: SpanBatch | LogBatch): Share[] {
  const { dictionary, index } = batch.index.service;
  const bytes = (batch.inflated ?? batch.body).length;
  if (dictionary.length <= 2) {
    return [{ service: dictionary[index[0]!] ?? '', records: batch.count, bytes }];
  }
  const shares = dictionary.map((service) => ({ service, records: 0, bytes: 0 }));
  for (let i = 0; i < batch.count; i++) {
    const share = shares[index[i]!]!;
    share.records++;
    share.bytes += batch.offsets.length[i]!;
  }
  return shares.filter(({ records }) => records > 0);
}

function sharesOfSamples({ count, index }: SampleBatch): Share[] {
  const jobOf = (position: number) => index.series[position]?.labels[label.job] ?? '';
  const first = jobOf(index.seriesIndex[0]!);
  if (index.series.every((_, position) => jobOf(position) === first)) {
    return [{ service: first, records: count, bytes: count * BYTES_PER_SAMPLE }];
  }
  const records = new Map<string, number>();
  for (const series of index.seriesIndex) {
    const job = jobOf(series);
    records.set(job, (records.get(job) ?? 0) + 1);
  }
  return [...records].map(([service, n]) => ({ service, records: n, bytes: n * BYTES_PER_SAMPLE }));
}
