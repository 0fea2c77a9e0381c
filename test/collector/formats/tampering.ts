import { randomFrom } from '../../helpers/random.ts';
import type { Plain } from './oracle.ts';

/** `count` damaged copies of the bodies: bytes changed, removed, doubled, added, cut off. */
export function* mutations(bodies: readonly Uint8Array[], count: number): Generator<Uint8Array> {
  const next = randomFrom(20260101); // the same damage in every run
  const below = (n: number) => Math.floor(next() * n);
  for (let i = 0; i < count; i++) {
    let body = Buffer.from(bodies[i % bodies.length]!);
    for (let changes = 1 + below(3); changes > 0 && body.length > 0; changes--) {
      const at = below(body.length);
      const kind = below(6);
      if (kind <= 1) body[at] = below(256);
      else if (kind === 2) body[at] = body[at]! ^ (1 << below(8));
      else if (kind === 3) body = Buffer.concat([body.subarray(0, at), body.subarray(at + 1)]);
      else if (kind === 4)
        body = Buffer.concat([body.subarray(0, at), Buffer.from([below(256)]), body.subarray(at)]);
      else body = body.subarray(0, at);
    }
    yield body;
  }
}

const IDS = new Set(['traceId', 'spanId', 'parentSpanId']);

/** OTLP/JSON of an object that the oracle decoded: ids hex in either case, other bytes base64, 64-bit text. */
export function toJson(plain: Plain, upperCase = false): string {
  return JSON.stringify(plain, function (this: Plain, key: string, value: Plain) {
    const raw = this[key];
    if (raw instanceof Uint8Array) {
      if (!IDS.has(key)) return Buffer.from(raw).toString('base64');
      const hex = Buffer.from(raw).toString('hex');
      return upperCase ? hex.toUpperCase() : hex;
    }
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    // JSON has no negative zero of its own: JSON.stringify writes 0.
    return Object.is(value, -0) ? '-0' : value;
  });
}
