import type { Store, TimeRange } from '../storage/store.ts';
import { finding, nameOf, routeSubject, untested } from './finding.ts';
import { clockTime, count, span } from './format.ts';
import type { Evidence, EvidenceDeps, Finding, FindingTable, Question } from './incident.ts';
import { readLines } from './log-lines.ts';
import { callSignals, earlier, goldenSignalsOf, later, poolSignals, type Signal } from './onset-signals.ts';
import { changePoint, median, quantile, robustSpread } from './stats.ts';

/** Changes are looked for this long before and after the onset: the causes of a jump lie close to it. */
const BEFORE_NANO = 300_000_000_000n;
const AFTER_NANO = 120_000_000_000n;
/** Robust spreads by which a signal must leave its usual level; the value at which a resource is named, too. */
const STRONG = 6;
/** Of the values after a change: when only some calls are slow, the middle one may be as before. */
const UPPER = 0.9;
const WARN = 13;
/** Values of the quiet window that tell the usual level better than all before the change do. */
const LEAST_QUIET = 8;
/** As many usual values in a row end the stretch that began with the change: one or two may be usual by chance. */
const CALM = 3;
const ROWS = 8;

interface Began {
  signal: Signal;
  atUnixNano: bigint;
  /** Seconds by which the moment may be wrong. */
  resolution: number;
  change: string;
  z: number;
  p: number;
}

/** In which order things changed: the cause must not begin after what it explains. */
export const onset: Evidence = async (question, store, deps) => {
  const range = {
    fromUnixNano: later(question.baseline.fromUnixNano, question.onsetUnixNano - BEFORE_NANO),
    toUnixNano: earlier(question.incident.toUnixNano, question.onsetUnixNano + AFTER_NANO),
  };
  const golden = await goldenSignalsOf(question, range, store, deps);
  const signals = [
    ...(await callSignals(question, range, store, deps)),
    ...(await poolSignals(question, range, store, deps)),
    ...golden.signals,
  ];
  const began = [
    ...signals.flatMap((signal) => beganOf(signal, question.baseline.toUnixNano) ?? []),
    ...(await newLogLines(question, range, store, deps)),
  ].sort((a, b) => (a.atUnixNano < b.atUnixNano ? -1 : 1));
  if (began.length === 0)
    return [untested(question, 'onset', `none of ${signals.length} signals shows a clear change`)];
  return [told(question, began, signals.length, golden.inbound)];
};

/** When a signal left its usual level, if it did so strongly and upwards. */
function beganOf(signal: Signal, quietUntil: bigint): Began | undefined {
  const change = changePoint(signal.value);
  if (!change) return undefined;
  const quiet = signal.value.filter((_, i) => signal.at[i]! < quietUntil);
  const usual = quiet.length >= LEAST_QUIET ? quiet : signal.value.slice(0, change.index);
  const after = signal.value.slice(change.index);
  const spread = robustSpread(usual, signal.floor);
  const z = (quantile(after, UPPER) - median(usual)) / spread;
  if (z < STRONG || change.p > 0.05) return undefined;
  const limit = Math.max(median(usual) + (STRONG / 2) * spread, quantile(usual, 0.99));
  const index = firstOutside(signal.value, change.index, limit);
  return {
    signal,
    atUnixNano: signal.at[index]!,
    resolution: signal.every || Number(signal.at[index]! - signal.at[Math.max(0, index - 1)]!) / 1e9,
    change: `${signal.show(median(usual))} › ${signal.show(quantile(after, after.length > 4 ? 0.5 : UPPER))}`,
    z,
    p: change.p,
  };
}

/**
 * The first value of the stretch outside of the usual range that holds the change point. Ranks place the change where
 * the level is passed in the middle; a queue that fills, or a fault that hits only some calls, began before that.
 */
export function firstOutside(values: readonly number[], index: number, limit: number): number {
  let first = index;
  while (first < values.length - 1 && values[first]! <= limit) first++;
  if (values[first]! <= limit) return index;
  for (let i = first - 1, inside = 0; i >= 0 && inside < CALM; i--) {
    inside = values[i]! > limit ? 0 : inside + 1;
    if (inside === 0) first = i;
  }
  return first;
}

/** Warnings and errors whose template had no line in the quiet window: when the first came. */
async function newLogLines(
  question: Question,
  range: TimeRange,
  store: Store,
  deps: EvidenceDeps,
): Promise<Began[]> {
  const query = { service: question.service, minSeverityNumber: WARN, order: 'oldest' as const };
  const quiet = await readLines({ ...query, ...question.baseline }, store, deps);
  const around = { fromUnixNano: question.baseline.toUnixNano, toUnixNano: range.toUnixNano };
  const known = new Set(quiet.map((line) => line.template.key));
  const late = (await readLines({ ...query, ...around }, store, deps)).filter(
    (line) => !known.has(line.template.key) && !line.template.access,
  );
  return [...Map.groupBy(late, (line) => line.template.key).values()].map((lines) => ({
    signal: {
      name: `log "${lines[0]!.template.text}"`,
      at: [],
      value: [],
      show: count,
      floor: 1,
      every: 0,
      call: '',
    },
    atUnixNano: lines[0]!.timeUnixNano,
    resolution: 0,
    change: 'first line',
    z: Number.POSITIVE_INFINITY,
    p: 1,
  }));
}

function told(question: Question, began: readonly Began[], looked: number, inbound: string): Finding {
  const symptom = `${question.signal === 'errors' ? 'errors' : 'p99'} of ${nameOf(question)}`;
  const seen = began.find(({ signal }) => signal.name === symptom);
  const calls = began.filter(({ signal }) => signal.call !== '');
  const first = firstCall(calls);
  const reference = seen ?? began[0]!;
  const lead = first ? Number(reference.atUnixNano - first.atUnixNano) / 1e9 : 0;
  const resolution = Math.max(first?.resolution ?? 0, reference.resolution);
  const inTime = first !== undefined && lead >= -resolution;
  const order =
    first && seen
      ? `${first.signal.call} changed at ${clockTime(first.atUnixNano)}, ${distance(lead, resolution)} ${seen.signal.name}.`
      : first
        ? `${first.signal.call} changed first, at ${clockTime(first.atUnixNano)}.`
        : `No call changed before ${reference.signal.name} did at ${clockTime(reference.atUnixNano)}.`;
  const last = began.at(-1)!;
  const end = began.length > 2 ? ` ${last.signal.name} came last, at ${clockTime(last.atUnixNano)}.` : '';
  return finding(question, {
    kind: 'onset',
    outcome: inTime ? 'holds' : 'refuted',
    subject: { ...routeSubject(question), ...(first ? { span: first.signal.call } : {}) },
    effect: lead,
    baseline: { value: 0, n: looked },
    incident: { value: began.length, n: looked },
    p: first?.p ?? null,
    statement: `${order}${end}${inbound === '' ? '' : ` ${inbound}`}`,
    table: table(began, looked),
    facts: {
      first: first?.signal.call ?? '',
      firstUnixNano: String(first?.atUnixNano ?? reference.atUnixNano),
      leadSeconds: lead,
      ...Object.fromEntries(calls.toReversed().map((c) => [`began ${c.signal.call}`, String(c.atUnixNano)])),
    },
  });
}

/** How far the call's change lies from the symptom's, as far as they can be told apart. */
function distance(lead: number, resolution: number): string {
  if (Math.abs(lead) <= resolution) return `within ${span(resolution)} of`;
  return `${span(lead)} ${lead > 0 ? 'before' : 'after'}`;
}

/** The call that changed first; of those that cannot be told apart in time, one that leaves the service. */
function firstCall(calls: readonly Began[]): Began | undefined {
  const [first] = calls;
  if (!first) return undefined;
  const within = first.atUnixNano + BigInt(Math.round(2 * first.resolution * 1e9));
  return calls.find((call) => call.signal.leaf === true && call.atUnixNano <= within) ?? first;
}

function table(began: readonly Began[], looked: number): FindingTable {
  return {
    columns: [
      { title: 'Signal', align: 'left' },
      { title: 'Began', align: 'left' },
      { title: '±', align: 'right' },
      { title: 'Change', align: 'right' },
      { title: 'Strength', align: 'right' },
    ],
    rows: began.slice(0, ROWS).map(({ signal, atUnixNano, resolution, change, z }) => ({
      cells: [
        signal.name,
        clockTime(atUnixNano),
        resolution === 0 ? '' : span(resolution),
        change,
        Number.isFinite(z) ? `z ${count(z)}` : 'new',
      ],
    })),
    caption: `Sorted by time; ${count(Math.min(ROWS, began.length))} changes in ${count(looked)} signals and the warnings.`,
  };
}
