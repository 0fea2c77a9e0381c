import type { Store } from '../../storage/store.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { counted } from '../format.ts';
import type { EvidenceDeps } from '../incident.ts';
import { calls } from './calls.ts';
import {
  COMPARISON_KINDS,
  type Compared,
  type CompareQuestion,
  type ComparisonKind,
  type ComparisonLine,
  type Comparisons,
  type Outcome,
  type ReleaseComparison,
  type SideReport,
} from './comparison.ts';
import { errors } from './errors.ts';
import { withExamples } from './examples.ts';
import { judge } from './judge.ts';
import { latency } from './latency.ts';
import { logs } from './logs.ts';
import { requests } from './requests.ts';
import { type Comparison, readSides, type Sides } from './sides.ts';

/** Every kind of comparison, and whether a release can be judged without it. */
const KINDS: Record<ComparisonKind, { compare: Comparison; decides: boolean }> = {
  errors: { compare: errors, decides: true },
  latency: { compare: latency, decides: true },
  requests: { compare: requests, decides: false },
  calls: { compare: calls, decides: false },
  logs: { compare: logs, decides: false },
};

/**
 * Compares the requests of b with those of a, in all that is stored of them. What is missing is said in lines and
 * notes; a query of errors and latency that fails rejects, because without these nothing is decided.
 */
export async function compareReleases(
  question: CompareQuestion,
  store: Store,
  deps: EvidenceDeps,
): Promise<ReleaseComparison> {
  const sides = readSides(question, store, deps);
  const compared: Compared[] = [];
  const notes = new Set<string>();
  for (const kind of COMPARISON_KINDS) {
    deps.signal.throwIfAborted();
    const found = await ask(kind, question, sides, deps);
    compared.push(...found.compared);
    for (const note of found.notes) notes.add(note);
  }
  const lines = await withExamples(judge(compared), question, sides.store, deps);
  const pairs = await sides.pairs();
  const total = (side: 'a' | 'b') =>
    Math.round(
      pairs.reduce((sum, pair) => sum + (pair[side]?.groups.reduce((s, { n }) => s + n, 0) ?? 0), 0),
    );
  const n = { a: total('a'), b: total('b') };
  return {
    ...outcomeOf(lines, n),
    a: sideReport(question, 'a', n.a),
    b: sideReport(question, 'b', n.b),
    tolerance: question.tolerance,
    lines,
    notes: [...notes],
  };
}

async function ask(
  kind: ComparisonKind,
  question: CompareQuestion,
  sides: Sides,
  deps: EvidenceDeps,
): Promise<Comparisons> {
  const { compare, decides } = KINDS[kind];
  try {
    return await compare(question, sides, deps);
  } catch (error) {
    if (decides || deps.signal.aborted) throw error;
    const isOurs = !(error instanceof CollectorError) || error.code === 'internal';
    if (isOurs) deps.warn?.('a kind of comparison failed', { kind, error });
    const why = isOurs ? 'internal error' : error.message.replace(/\.$/, '');
    return { compared: [], notes: [`The ${kind} could not be compared: ${why}.`] };
  }
}

function sideReport(question: CompareQuestion, name: 'a' | 'b', n: number): SideReport {
  const { conditions, range } = question[name];
  return {
    conditions: [...conditions],
    fromUnixNano: String(range.fromUnixNano),
    toUnixNano: String(range.toUnixNano),
    n,
  };
}

/** Worse when one gating line is; unknown while a required one is; else not worse. */
function outcomeOf(
  lines: readonly ComparisonLine[],
  n: { a: number; b: number },
): { outcome: Outcome; reason: string } {
  const gating = lines.filter(({ gates }) => gates);
  const worse = gating.filter(({ verdict }) => verdict === 'worse');
  const of = `${counted(gating.length, 'comparison')} of errors, latency and error lines`;
  if (worse.length > 0) {
    return {
      outcome: 'worse',
      reason: `b is worse than a: ${worse.length} of ${of} ${beyond(worse.length)}.`,
    };
  }
  const nothing = (['a', 'b'] as const).filter((side) => n[side] === 0);
  if (nothing.length > 0) {
    const reason = `It cannot be told whether b is worse: no request of ${nothing.join(' and ')} is stored.`;
    return { outcome: 'unknown', reason };
  }
  const required = lines.filter((line) => line.required);
  const unknown = required.filter(({ verdict }) => verdict === 'unknown');
  const why =
    required.length === 0
      ? 'no service has requests on both sides'
      : `there is too little data for ${unknown.length} of the ${required.length} comparisons that decide`;
  if (unknown.length > 0 || required.length === 0)
    return { outcome: 'unknown', reason: `It cannot be told whether b is worse: ${why}.` };
  const reason = `b is not worse than a: the ${required.length} comparisons that decide are within the tolerance, and none of ${of} is beyond it.`;
  return { outcome: 'not worse', reason };
}

function beyond(worse: number): string {
  return worse === 1 ? 'is surely beyond the tolerance' : 'are surely beyond the tolerance';
}
