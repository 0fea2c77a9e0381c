import { count, duration, percent, rate, routeName } from '../format.ts';
import type { Subject } from '../incident.ts';
import type { Change, Compared } from './comparison.ts';

/** Where the interval does not end: too few requests for this quantile. */
const NO_BOUND = 'no bound';

/** The comparison with all its numbers; `visible` is the change that would have been told, null when none would. */
export function sentenceOf(compared: Compared, visible: number | null): string {
  const { subject, measure, a, b, change, missing, unit } = compared;
  const n = `n = ${count(a.n)} and ${count(b.n)}`;
  if (!change) return `${subjectName(subject)}, ${measure}: cannot be told, ${missing} (${n}).`;
  const accepted = compared.gates ? `up to ${sized(change.scale, compared.margin)} is accepted` : '';
  const numbers = [`95 % ${intervalOf(change)}`, accepted, n].filter((part) => part !== '').join('; ');
  const values = `${valueText(a.value, unit)} › ${valueText(b.value, unit)}`;
  const least = visible === null ? 'No change' : sized(change.scale, visible);
  return `${subjectName(subject)}, ${measure}: ${values}, ${sizeOf(change, change.value)} (${numbers}). ${least} would have been seen.`;
}

/** `shop GET /orders/{id}`, or the service alone. */
function subjectName({ service, method, route }: Subject): string {
  return route === undefined
    ? `${service ?? ''} as a whole`
    : `${service ?? ''} ${routeName({ method, route })}`;
}

function valueText(value: number, unit: Compared['unit']): string {
  if (!Number.isFinite(value)) return 'not measured';
  if (unit === 'share') return percent(value);
  if (unit === 'ms') return duration(value);
  return unit === 'per-second' ? `${rate(value)}/s` : value.toFixed(2);
}

/** `+0.30 to +0.52 points`, `×1.12 to ×1.20`; words where data sets no bound. */
function intervalOf(change: Change): string {
  const [low, high] = [sizeOf(change, change.low), sizeOf(change, change.high)];
  if (low === high && low === NO_BOUND) return NO_BOUND;
  return change.scale === 'difference' ? `${low.replace(' points', '')} to ${high}` : `${low} to ${high}`;
}

/** A change or an end of its interval: `+0.30 points`, `×1.12`. */
function sizeOf({ scale }: Change, value: number): string {
  if (scale === 'difference') return points(value);
  return value === 0 || !Number.isFinite(value) ? NO_BOUND : `×${factor(value)}`;
}

/** A tolerance or a change of this size: `+0.10 points`, `×1.10`. */
function sized(scale: Change['scale'], size: number): string {
  return scale === 'difference' ? points(size) : `×${factor(1 + size)}`;
}

function points(share: number): string {
  const value = Math.abs(share * 100);
  return `${share < 0 ? '−' : '+'}${value.toFixed(value < 10 ? 2 : 1)} points`;
}

function factor(value: number): string {
  return value < 10 ? value.toFixed(value < 0.1 ? 3 : 2) : count(value);
}
