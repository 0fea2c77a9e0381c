import { benjaminiHochberg, twoSidedNormal } from '../stats.ts';
import type { Change, Compared, ComparisonLine, LineVerdict } from './comparison.ts';
import { sentenceOf } from './sentence.ts';

/** 97.5 % and 80 % quantiles of the normal distribution. */
const Z95 = 1.959963984540054;
const Z80 = 0.8416212335729143;
/** False discovery rate below which a change beyond the tolerance counts. */
const Q_LIMIT = 0.05;

/** The order in which lines are told. */
const ORDER: readonly LineVerdict[] = ['worse', 'unknown', 'better', 'more', 'less', 'not worse', 'same'];

/** A change on a scale where its interval is about even: as it is, or its logarithm. */
interface Even {
  value: number;
  low: number;
  high: number;
  margin: number;
}

/**
 * Judges all comparisons together. What gates and what does not are corrected apart for how many there are: hundreds of log
 * templates must not hide a failing route.
 */
export function judge(all: readonly Compared[]): ComparisonLine[] {
  const lines = [true, false].flatMap((gates) => {
    const family = all.filter((compared) => compared.gates === gates);
    const p = family.map(({ change, margin }) => (change ? pBeyond(evenOf(change, margin)) : null));
    const tested = p.filter((value) => value !== null);
    const adjusted = benjaminiHochberg(tested);
    let next = 0;
    const q = p.map((value) => (value === null ? null : adjusted[next++]!));
    return family.map((compared, i) => lineOf(compared, p[i]!, q[i]!));
  });
  return lines.sort(inOrder);
}

function evenOf({ scale, value, low, high }: Change, margin: number): Even {
  if (scale === 'difference') return { value, low, high, margin };
  const log = Math.log;
  return { value: log(value), low: log(low), high: log(high), margin: log(1 + margin) };
}

/**
 * Two-sided p of a change that is beyond the margin, up or down, from its 95 % interval as a normal distribution's: it is below
 * 0.05 when the interval lies wholly beyond. Source: Altman and Bland, How to obtain the P value from a confidence
 * interval (2011).
 */
function pBeyond({ value, low, high, margin }: Even): number {
  const oneSided = (distance: number, half: number) => {
    const z = distance === 0 ? 0 : (distance / half) * Z95;
    return z > 0 ? twoSidedNormal(z) / 2 : 1 - twoSidedNormal(z) / 2;
  };
  const up = oneSided(value - margin, value - low);
  const down = oneSided(-margin - value, high - value);
  return Math.min(1, 2 * Math.min(up, down));
}

function lineOf(compared: Compared, p: number | null, q: number | null): ComparisonLine {
  const { change, margin, a, b, missing: _missing, ...rest } = compared;
  const even = change && evenOf(change, margin);
  const verdict = even ? verdictOf(even, q ?? 1, compared.gates) : 'unknown';
  const visible = change && even ? visibleFrom(change, even) : null;
  return {
    ...rest,
    verdict,
    a: { value: known(a.value), n: Math.round(a.n) },
    b: { value: known(b.value), n: Math.round(b.n) },
    change: change
      ? {
          scale: change.scale,
          value: known(change.value),
          low: known(change.low),
          high: known(change.high),
        }
      : null,
    tolerance: margin,
    visible,
    p,
    q,
    statement: sentenceOf(compared, visible),
  };
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function verdictOf({ low, high, margin }: Even, q: number, gates: boolean): LineVerdict {
  if (q < Q_LIMIT && low > margin) return gates ? 'worse' : 'more';
  if (q < Q_LIMIT && high < -margin) return gates ? 'better' : 'less';
  if (high <= margin && low >= -margin) return 'same';
  return gates && high <= margin ? 'not worse' : 'unknown';
}

/**
 * The least true change that this much data calls a change in four of five cases: the margin and 2.8 standard errors, by
 * the wider half of the interval where it is bounded. Null without a bound. Source: Bloom, Minimum Detectable Effects (1995).
 */
function visibleFrom({ scale }: Change, { value, low, high, margin }: Even): number | null {
  const half = Number.isFinite(high) ? Math.max(value - low, high - value) : value - low;
  const least = margin + (half / Z95) * (Z95 + Z80);
  return known(scale === 'ratio' ? Math.exp(least) - 1 : least);
}

/** By verdict; then what has to be known, what gates, the surest; then by name. */
function inOrder(x: ComparisonLine, y: ComparisonLine): number {
  const rank = ({ verdict, required, gates }: ComparisonLine) =>
    ORDER.indexOf(verdict) * 4 + Number(!required) * 2 + Number(!gates);
  return rank(x) - rank(y) || (x.p ?? 1) - (y.p ?? 1) || (x.statement < y.statement ? -1 : 1);
}
