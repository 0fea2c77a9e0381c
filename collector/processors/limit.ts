import { label } from '../../slo/index.ts';
import type { Batch } from '../telemetry/batch.ts';
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { stringAt } from '../telemetry/columns.ts';
import type { Processor } from './processor.ts';

export interface LimitOptions {
  /** Records (spans, log lines, samples) a second that one service may send on average. */
  recordsPerSecond: number;
}

/** A service may save up this many seconds of its rate: collectors and SDKs send in bursts, not evenly. */
const BURST_SECONDS = 10;
/** Services with an account of their own; the rest share one, so that made-up names do not fill the memory. */
const MAX_SERVICES = 1_000;

/** What a service may still send, and when that was true. */
interface Account {
  records: number;
  atUnixNano: bigint;
}

/** Refuses what one service sends beyond its rate, whole batches at a time: reason `rate-limit`. */
export function createLimit(options: LimitOptions): Processor {
  const capacity = options.recordsPerSecond * BURST_SECONDS;
  const accounts = new Map<string, Account>();
  return (batch, { clock }) => {
    const now = clock();
    const sender = serviceOf(batch);
    const name = accounts.has(sender) || accounts.size < MAX_SERVICES ? sender : '';
    const account = accounts.get(name) ?? { records: capacity, atUnixNano: now };
    const passed = Math.max(0, Number(now - account.atUnixNano) / Number(NANOS_PER_SECOND));
    const available = Math.min(capacity, account.records + passed * options.recordsPerSecond);
    // A batch larger than the whole burst passes when the account is full; it would never pass otherwise.
    const allowed = batch.count <= available || available === capacity;
    accounts.set(name, { records: allowed ? available - batch.count : available, atUnixNano: now });
    return allowed ? batch : { dropped: 'rate-limit', records: batch.count };
  };
}

/** The service of a batch's first record: senders rarely mix, and a batch is kept or dropped whole. */
function serviceOf(batch: Batch): string {
  if (batch.count === 0) return '';
  if (batch.signal !== 'metrics') return stringAt(batch.index.service, 0);
  return batch.index.series[batch.index.seriesIndex[0] ?? 0]?.labels[label.job] ?? '';
}
