import { label } from '../../slo/index.ts';
import type { Batch } from '../telemetry/batch.ts';
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { stringAt } from '../telemetry/columns.ts';
import { CollectorError } from '../telemetry/errors.ts';
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

/**
 * Refuses what one service sends beyond its rate, whole batches at a time, with `overloaded` and the seconds until the
 * batch fits: senders keep it and come again, and a file is read again from where it was. Nothing is dropped, because
 * no batch is too large for ever: one of more records than the whole burst passes when the account is full.
 */
export function createLimit(options: LimitOptions): Processor {
  const { recordsPerSecond } = options;
  const capacity = recordsPerSecond * BURST_SECONDS;
  const accounts = new Map<string, Account>();
  const accountOf = (batch: Batch): string => {
    const sender = serviceOf(batch);
    return accounts.has(sender) || accounts.size < MAX_SERVICES ? sender : '';
  };
  const recordsOf = (name: string, now: bigint): number => {
    const account = accounts.get(name);
    if (!account) return capacity;
    const passed = Math.max(0, Number(now - account.atUnixNano) / Number(NANOS_PER_SECOND));
    return Math.min(capacity, account.records + passed * recordsPerSecond);
  };
  return {
    name: 'limit',
    process: (batch, { clock }) => {
      const now = clock();
      const name = accountOf(batch);
      const available = recordsOf(name, now);
      const missing = Math.min(batch.count, capacity) - available;
      if (missing > 0) throw overRate(name, batch.count, recordsPerSecond, missing);
      accounts.set(name, { records: available - batch.count, atUnixNano: now });
      return batch;
    },
    undo: (batch, { clock }) => {
      const now = clock();
      const name = accountOf(batch);
      const records = Math.min(capacity, recordsOf(name, now) + batch.count);
      accounts.set(name, { records, atUnixNano: now });
    },
  };
}

function overRate(name: string, records: number, recordsPerSecond: number, missing: number): CollectorError {
  return new CollectorError(
    'overloaded',
    `${name || 'This sender'} sends more than ${recordsPerSecond} records a second; a batch of ${records} has to wait: send again later, send less, or raise processors.limit.recordsPerSecond`,
    { retryAfterSeconds: Math.max(1, Math.ceil(missing / recordsPerSecond)) },
  );
}

/** The service of a batch's first record: senders rarely mix, and a batch is passed or refused whole. */
function serviceOf(batch: Batch): string {
  if (batch.count === 0) return '';
  if (batch.signal !== 'metrics') return stringAt(batch.index.service, 0);
  return batch.index.series[batch.index.seriesIndex[0] ?? 0]?.labels[label.job] ?? '';
}
