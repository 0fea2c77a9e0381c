/** Now, in nanoseconds since the Unix epoch; handed to every part that needs the time. */
export type Clock = () => bigint;

export const NANOS_PER_MS = 1_000_000n;
export const NANOS_PER_SECOND = 1_000_000_000n;

/** The machine's clock, in milliseconds' resolution. */
export const systemClock: Clock = () => BigInt(Date.now()) * NANOS_PER_MS;

/** Nanoseconds as (possibly fractional) milliseconds: for durations, never for points in time. */
export function durationMs(nanos: bigint): number {
  return Number(nanos) / 1e6;
}
