import type { GoldenSignals, HealthState } from '../../api/types.ts';

/** Errors that stand out: over the budget of the default objective of 99.9 %. */
const ERROR_SHARE = 0.001;
/** p99 that stands out: this many times what is usual. */
const SLOWER = 1.5;

/** Which numbers of a row to emphasise: only in a row that is not normal, and only what differs. */
export function emphasis(state: HealthState, signals: GoldenSignals): { errors: boolean; latency: boolean } {
  const unusual = state === 'failing' || state === 'slow';
  const { errorShare, p99Ms, usualP99Ms } = signals;
  return {
    errors: unusual && errorShare !== null && errorShare > ERROR_SHARE,
    latency: unusual && p99Ms !== null && usualP99Ms !== null && p99Ms > usualP99Ms * SLOWER,
  };
}
