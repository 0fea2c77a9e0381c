import { clockTime, count, percent } from '../format.ts';
import type { Reference } from '../incident.ts';
import type { Feature, SystemRecords } from './records.ts';
import { Sums } from './sums.ts';
import type { Family, Suspicion } from './suspicion.ts';

/** One-sided 95 % quantile of the normal distribution: what is surely left of a difference. */
const Z95 = 1.64;
/** A smaller difference of shares explains too few requests. */
const LEAST_DIFFERENCE = 0.05;
/** Traces a side must have. */
const LEAST_TRACES = 3;
/** Errors that became more are more often the fault itself; calls that came or went follow from it as well. Source: 24 labelled faults. */
const ERROR_ROSE = 1.25;
const CALL = 0.7;

const FAMILY: Record<Feature['kind'], Family> = { log: 'logs', call: 'calls', failed: 'failures' };

/** Traces of one operation of one service, per side, and how much of them had each feature. */
interface Group {
  service: number;
  operation: number;
  traces: [number, number];
  /** By feature: sums of shares per side. */
  had: Map<number, [number, number]>;
}

/**
 * Log lines, calls and failures that came or went: per operation of a service, the mean over traces of the share of
 * entries that have it, the incident's against the quiet time's, less what chance may make of it.
 */
export function shares(records: SystemRecords): Suspicion[] {
  return groupsOf(records).flatMap((group) => {
    const [quiet, incident] = group.traces;
    if (quiet < LEAST_TRACES || incident < LEAST_TRACES) return [];
    return [...group.had].flatMap(([feature, sums]) => suspicionOf(records, group, feature, sums) ?? []);
  });
}

function groupsOf({ entries, operations, had }: SystemRecords): Group[] {
  const { service, operation, trace, side } = entries;
  const groups = new Map<number, Group>();
  const traces = trace.reduce((most, one) => Math.max(most, one), 0) + 1;
  const idOf = (i: number) => service[i]! * operations.length + operation[i]!;
  /** Entries of one operation in one trace on one side. */
  const alike = new Sums();
  const keyOf = (i: number) => (idOf(i) * traces + trace[i]!) * 2 + side[i]!;
  for (let i = 0; i < service.length; i++) {
    if (side[i]! < 0) continue;
    let group = groups.get(idOf(i));
    if (!group) {
      group = { service: service[i]!, operation: operation[i]!, traces: [0, 0], had: new Map() };
      groups.set(idOf(i), group);
    }
    if (alike.add(keyOf(i), 1) === 0) group.traces[side[i] as 0 | 1]++;
  }
  for (let n = 0; n < had.entry.length; n++) {
    const i = had.entry[n]!;
    if (side[i]! < 0) continue;
    const group = groups.get(idOf(i))!;
    let sums = group.had.get(had.feature[n]!);
    if (!sums) {
      sums = [0, 0];
      group.had.set(had.feature[n]!, sums);
    }
    sums[side[i] as 0 | 1] += 1 / alike.get(keyOf(i));
  }
  alike.release();
  return [...groups.values()];
}

function suspicionOf(
  records: SystemRecords,
  group: Group,
  number: number,
  [hitsBefore, hitsNow]: readonly [number, number],
): Suspicion | undefined {
  const feature = records.features[number]!;
  const [before, now] = group.traces;
  const difference = hitsNow / now - hitsBefore / before;
  if (Math.abs(difference) < LEAST_DIFFERENCE) return undefined;
  const sure = Math.abs(difference) - Z95 * standardError(hitsBefore, before, hitsNow, now);
  if (sure <= 0) return undefined;
  const service = records.services[group.service]!;
  return {
    service,
    family: FAMILY[feature.kind],
    strength: sure * weightOf(feature, difference),
    about: feature.name,
    statement: statementOf(feature, records.operations[group.operation]!, group.traces, hitsBefore, hitsNow),
    baseline: { value: hitsBefore / before, n: before },
    incident: { value: hitsNow / now, n: now },
    references: exampleOf(records, group.service, number),
  };
}

/** Of a difference of two proportions, half a hit and half a miss added to each. */
function standardError(hitsA: number, nA: number, hitsB: number, nB: number): number {
  const [a, b] = [(hitsA + 0.5) / (nA + 1), (hitsB + 0.5) / (nB + 1)];
  return Math.sqrt((a * (1 - a)) / nA + (b * (1 - b)) / nB);
}

function weightOf({ kind, isError }: Feature, difference: number): number {
  if (kind === 'call') return CALL;
  return isError && difference > 0 ? ERROR_ROSE : 1;
}

/** A log line in words: its level, its message, and where the code is that writes it. */
export function lineText({ level, text, name }: Feature): string {
  return `${level} "${text}"${name === text ? '' : ` (${name})`}`.trimStart();
}

function statementOf(
  feature: Feature,
  operation: string,
  [before, now]: readonly [number, number],
  hitsBefore: number,
  hitsNow: number,
): string {
  const { kind, name } = feature;
  const what =
    kind === 'failed'
      ? `${operation} fails by itself`
      : kind === 'call'
        ? `${operation} calls ${name}`
        : `${operation} writes ${lineText(feature)}`;
  return `${what} in ${percent(hitsNow / now)} of ${count(now)} traces, before in ${percent(hitsBefore / before)} of ${count(before)}.`;
}

/** The first line of a feature in a service during the incident. */
export function exampleOf(
  { examples, features }: SystemRecords,
  service: number,
  number: number,
): Reference[] {
  const example = examples.get(`${service} ${number}`);
  if (!example) return [];
  const { traceId, spanId, timeUnixNano } = example;
  const { level, text } = features[number]!;
  const label = `${clockTime(timeUnixNano)} ${level} ${text}`;
  return [{ kind: 'log', traceId, spanId, timeUnixNano: String(timeUnixNano), label }];
}
