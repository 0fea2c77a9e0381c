/**
 * Severity numbers of zap's levels, the commonest first.
 * Source: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
 */
export const SEVERITIES = Object.entries({
  info: 9,
  warn: 13,
  error: 17,
  debug: 5,
  warning: 13,
  dpanic: 21,
  panic: 21,
  fatal: 21,
  trace: 1,
}).map(([level, severity]) => ({ level: Buffer.from(level), severity }));

/** Severity number of the level in bytes[start, end), in any case; 0 when it is none of zap's. */
export function readSeverity(bytes: Uint8Array, start: number, end: number): number {
  for (const { level, severity } of SEVERITIES) {
    if (level.length !== end - start) continue;
    let i = 0;
    // A letter differs from its capital in this one bit, and no other byte becomes a letter by it.
    while (i < level.length && (bytes[start + i]! | 0x20) === level[i]) i++;
    if (i === level.length) return severity;
  }
  return 0;
}
