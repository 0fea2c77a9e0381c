import type { Batch } from '../telemetry/batch.ts';
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import type { Processor } from './processor.ts';
import { type Share, sharesOf } from './shares.ts';

/** What one service may send on average. */
interface Rates {
  /** Spans, log records, samples a second. */
  recordsPerSecond: number;
  /** Bytes a second, not compressed. */
  bytesPerSecond: number;
}

export interface LimitOptions extends Rates {
  /** Other rates for some services, by name. */
  services?: Readonly<Record<string, Partial<Rates>>>;
}

/** A service may save up this many seconds of its rates: collectors and SDKs send in bursts, not evenly. */
const BURST_SECONDS = 10;
/** Services with an account of their own; the rest share one, so that made-up names do not fill the memory. */
const MAX_SERVICES = 1_000;

/** What a service may still send, and when that was true. */
interface Account {
  records: number;
  bytes: number;
  atUnixNano: bigint;
}

/**
 * Refuses what a service sends beyond its rates, whole batches at a time, with `overloaded` and the seconds until the
 * batch fits: senders keep it and come again, and a file is read again from where it was. Nothing is dropped, because
 * no batch is too large for ever: one of more than the whole burst passes when the account is full. A batch of several
 * services is charged to each for its part, and waits for the one that must wait longest.
 */
export function createLimit(options: LimitOptions): Processor {
  const accounts = new Map<string, Account>();
  const ratesOf = (service: string): Rates => ({ ...options, ...options.services?.[service] });
  const nameOf = ({ service }: Share): string =>
    accounts.has(service) || accounts.size < MAX_SERVICES ? service : '';
  const accountOf = (name: string, rates: Rates, now: bigint): Account => {
    const full = {
      records: rates.recordsPerSecond * BURST_SECONDS,
      bytes: rates.bytesPerSecond * BURST_SECONDS,
    };
    const account = accounts.get(name);
    if (!account) return { ...full, atUnixNano: now };
    const passed = Math.max(0, Number(now - account.atUnixNano) / Number(NANOS_PER_SECOND));
    return {
      records: Math.min(full.records, account.records + passed * rates.recordsPerSecond),
      bytes: Math.min(full.bytes, account.bytes + passed * rates.bytesPerSecond),
      atUnixNano: now,
    };
  };
  /** Charges a batch to its services, or gives it back to them: `sign` is 1 or -1. */
  const charge = (shares: readonly Share[], now: bigint, sign: number): void => {
    for (const share of shares) {
      const name = nameOf(share);
      const account = accountOf(name, ratesOf(share.service), now);
      account.records -= sign * share.records;
      account.bytes -= sign * share.bytes;
      accounts.set(name, account);
    }
  };
  const refuse = (share: Share, batch: Batch, now: bigint): void => {
    const rates = ratesOf(share.service);
    const account = accountOf(nameOf(share), rates, now);
    const missing = {
      records: Math.min(share.records, rates.recordsPerSecond * BURST_SECONDS) - account.records,
      bytes: Math.min(share.bytes, rates.bytesPerSecond * BURST_SECONDS) - account.bytes,
    };
    if (missing.records > 0 || missing.bytes > 0) throw overRate(share, batch, rates, missing);
  };
  return {
    name: 'limit',
    process: (batch, { clock }) => {
      const now = clock();
      const shares = sharesOf(batch);
      for (const share of shares) refuse(share, batch, now);
      charge(shares, now, 1);
      return batch;
    },
    undo: (batch, { clock }) => charge(sharesOf(batch), clock(), -1),
  };
}

function overRate(
  { service }: Share,
  batch: Batch,
  rates: Rates,
  missing: { records: number; bytes: number },
): CollectorError {
  const wait = {
    records: missing.records / rates.recordsPerSecond,
    bytes: missing.bytes / rates.bytesPerSecond,
  };
  const [rate, key] =
    wait.records >= wait.bytes
      ? [`${rates.recordsPerSecond} records`, 'recordsPerSecond']
      : [`${rates.bytesPerSecond} bytes`, 'bytesPerSecond'];
  return new CollectorError(
    'overloaded',
    `${service || 'This sender'} sends more than ${rate} a second; a batch of ${batch.count} has to wait: send again later, send less, or raise processors.limit.${key}`,
    { retryAfterSeconds: Math.max(1, Math.ceil(Math.max(wait.records, wait.bytes))) },
  );
}
