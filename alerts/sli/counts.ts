import type { Service, Slo, WindowName } from '../../slo/index.ts';
import type { RuleTarget } from '../targets.ts';

/** What the counting of one objective is told: one file beside this per kind answers it. */
export interface Counting<S = Slo['sli']> {
  readonly service: Service;
  readonly slo: Slo;
  readonly sli: S;
  readonly window: WindowName;
  readonly target: RuleTarget;
  /** The recorded total of this objective and window: `bad` may read it, it is recorded before. */
  readonly total: string;
}

/** PromQL of all events and of bad ones over a window, with the labels of `by` and no others. */
export interface Counts {
  readonly total: string;
  readonly bad: string;
}

/** ` on (region)`: what two of an objective's vectors are matched by. */
export function on(by: readonly string[]): string {
  return `on (${by.join(', ')})`;
}
