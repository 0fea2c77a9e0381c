const MAX_INT64 = 2n ** 63n - 1n;
const NUMBER = /^(\d{1,20})(?:\.(\d{1,20}))?(?:[eE]([+-]?\d{1,2}))?$/;
const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)? ?(Z|z|[+-]\d\d:?\d\d)?$/;

/**
 * Nanoseconds since the epoch of a time as zap's encoders write it: ISO 8601 (zap's has an offset without colon; no
 * offset means UTC), or an epoch number, whose unit its size tells: seconds below 10^11, then milliseconds,
 * microseconds, nanoseconds. Digits are kept exactly, no float is made. Undefined when the text is no time.
 */
export function parseTime(text: string): bigint | undefined {
  const nanos = text.charCodeAt(4) === 0x2d ? parseIso(text) : parseEpoch(text);
  return nanos !== undefined && nanos >= 0n && nanos <= MAX_INT64 ? nanos : undefined;
}

function parseEpoch(text: string): bigint | undefined {
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const fraction = match[2] ?? '';
  const digits = BigInt((match[1] ?? '') + fraction);
  const exponent = Number(match[3] ?? 0) - fraction.length + nanoExponent(Number(text));
  return exponent >= 0 ? digits * 10n ** BigInt(exponent) : digits / 10n ** BigInt(-exponent);
}

/** Power of ten that turns an epoch number of this size into nanoseconds. */
function nanoExponent(size: number): number {
  if (size < 1e11) return 9;
  if (size < 1e14) return 6;
  return size < 1e17 ? 3 : 0;
}

function parseIso(text: string): bigint | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const ms = Date.UTC(year!, month! - 1, day, hour, minute, second);
  const date = new Date(ms);
  const real = date.getUTCMonth() === month! - 1 && date.getUTCDate() === day && hour! < 24 && minute! < 60;
  if (!real || second! > 60) return undefined;
  const fraction = BigInt((match[7] ?? '').padEnd(9, '0'));
  return BigInt(ms - offsetMs(match[8])) * 1_000_000n + fraction;
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
