// A shop with five customers, told by an attribute of its server spans; for one of them the cache is slow from a moment on.
import type { Batch } from '../../../collector/telemetry/batch.ts';
import { type PlainSpan, spanBatch } from '../../helpers/telemetry.ts';

const START = 1_790_000_000_000_000_000n;
const QUIET_SECONDS = 130;
const SLOW_SECONDS = 60;
const MS = 1_000_000n;
/** Ten seconds each, as a sender would deliver them. */
const BATCH = 100;

export const SLOW_CUSTOMER = 'c2';
export const slowUnixNano = START + BigInt(QUIET_SECONDS) * 1000n * MS;
export const endUnixNano = slowUnixNano + BigInt(SLOW_SECONDS) * 1000n * MS;

/** One request a second of each customer; `route: ''` leaves the routes out. */
export function customers({ route = '/orders/{id}' } = {}): Batch[] {
  const spans: PlainSpan[] = [];
  for (let n = 0; n < (QUIET_SECONDS + SLOW_SECONDS) * 5; n++) spans.push(...requestOf(n, route));
  return Array.from({ length: Math.ceil(spans.length / BATCH) }, (_, i) =>
    spanBatch(spans.slice(i * BATCH, (i + 1) * BATCH)),
  );
}

function requestOf(n: number, route: string): PlainSpan[] {
  const start = START + BigInt(n) * 200n * MS;
  const customer = `c${n % 5}`;
  const isSlow = start >= slowUnixNano && customer === SLOW_CUSTOMER;
  const callMs = BigInt(isSlow ? 700 + (n % 50) : 5 + (n % 3));
  const ids = { traceId: hex(n + 1, 32), service: 'shop' };
  return [
    {
      ...{ ...ids, spanId: hex(2 * n + 1, 16), name: 'GET', kind: 2, start, duration: (callMs + 10n) * MS },
      ...(route === '' ? {} : { route, method: 'GET' }),
      attributes: { 'customer.id': customer },
    },
    {
      ...{ ...ids, spanId: hex(2 * n + 2, 16), parentSpanId: hex(2 * n + 1, 16), name: 'GET', kind: 3 },
      ...{ start: start + 2n * MS, duration: callMs * MS },
      attributes: { 'db.system.name': 'redis', 'db.operation.name': 'GET' },
    },
  ];
}

function hex(n: number, digits: number): string {
  return n.toString(16).padStart(digits, '0');
}
