/** OpenSLO's indicators -> what an objective of ours counts. Source: https://github.com/OpenSLO/OpenSLO#sli */
import { sliceSeconds } from '../slo.ts';
import { windowPlaceholder } from '../spec/expression.ts';
import { type Fields, notA, show } from '../spec/problems.ts';
import { below, objectAt, type Place, type Tell } from './draft.ts';
import type { OpenSloObject, OpenSloObjects } from './openslo-objects.ts';
import { readQuery } from './openslo-query.ts';
import { seconds } from './openslo-window.ts';
import { counterIn, groupOf, meanOf, withoutRanges } from './queries.ts';

/** What is counted, in our keys, and the places they came from. */
export interface Indicator {
  readonly spec: Fields;
  readonly places: Readonly<Record<string, Place>>;
}

/** One objective of an SLO, with the budgeting method of all of them. */
export interface ObjectiveOf {
  readonly fields: Fields;
  readonly place: Place;
  readonly method: Method;
}

export const methods = ['Occurrences', 'Timeslices', 'RatioTimeslices'] as const;
type Method = (typeof methods)[number];

/** The indicator as our format says it; undefined, and told, where it cannot. */
export function readIndicator(
  sli: OpenSloObject,
  objective: ObjectiveOf,
  objects: OpenSloObjects,
  tell: Tell,
): Indicator | undefined {
  const at = below(sli.place, 'spec');
  const { thresholdMetric, ratioMetric } = sli.spec;
  if ((thresholdMetric === undefined) === (ratioMetric === undefined)) {
    tell.problem(at, 'must have one of thresholdMetric and ratioMetric');
    return undefined;
  }
  if (thresholdMetric !== undefined) {
    const place = below(at, 'thresholdMetric');
    const query = readQuery(thresholdMetric, place, objects, tell);
    return query === undefined
      ? undefined
      : threshold(query, objective, below(place, 'metricSource.spec'), tell);
  }
  return ratio(ratioMetric, objective, below(at, 'ratioMetric'), objects, tell);
}

/** What is bad where OpenSLO's operator says what is good. */
const badWhen = { lte: '>', lt: '>=', gte: '<', gt: '<=' } as const;

/** A value that is good on one side of a limit: saturation, whose worst series counts. */
function threshold(query: string, objective: ObjectiveOf, place: Place, tell: Tell): Indicator | undefined {
  const { fields, method } = objective;
  const { op, value } = fields;
  const at = (key: string) => below(objective.place, key);
  if (typeof op !== 'string' || !Object.hasOwn(badWhen, op))
    tell.problem(at('op'), notA(op, 'one of lte, lt, gte and gt, which a thresholdMetric needs'));
  if (typeof value !== 'number')
    tell.problem(at('value'), notA(value, 'a number, which a thresholdMetric needs'));
  if (typeof op !== 'string' || !Object.hasOwn(badWhen, op) || typeof value !== 'number') return undefined;
  const places = { gauge: place, limit: at('value') };
  if (method === 'Occurrences') {
    if (op === 'lt' || op === 'gt') tell.warn(at('op'), `is read as ${op}e: a value at the limit is good`);
    const spec = op.startsWith('l')
      ? { gauge: query, limit: value }
      : { gauge: `-(${query})`, limit: -value };
    return { spec: { kind: 'saturation', ...spec }, places };
  }
  const slice = readSlice(objective, tell);
  if (!slice) return undefined;
  const bad = `(${query}) ${badWhen[op as keyof typeof badWhen]} bool ${value}`;
  const gauge = `avg_over_time((${bad})[${slice.window}:${sliceSeconds}s])`;
  return { spec: { kind: 'saturation', gauge, limit: slice.badShare }, places };
}

/** Good or bad among all, or their ratio as it is recorded. */
function ratio(
  value: unknown,
  objective: ObjectiveOf,
  place: Place,
  objects: OpenSloObjects,
  tell: Tell,
): Indicator | undefined {
  const metric = objectAt(value, place, ['counter', 'good', 'bad', 'total', 'raw', 'rawType'], tell);
  if (!metric) return undefined;
  for (const key of ['op', 'value'])
    if (objective.fields[key] !== undefined)
      tell.warn(below(objective.place, key), 'says nothing beside a ratioMetric, and is left out');
  const given = ['good', 'bad', 'total', 'raw'].filter((key) => metric[key] != null).join(' and ');
  if (given === 'raw') return raw(metric, objective, place, objects, tell);
  if (given !== 'good and total' && given !== 'bad and total') {
    const what = given === '' ? 'says not what counts' : `has ${given}`;
    tell.problem(place, `${what}; write good and total, bad and total, or raw with rawType`);
    return undefined;
  }
  const side = given.startsWith('good') ? 'good' : 'bad';
  const [counted, total] = [side, 'total'].map((key) => {
    const query = readQuery(metric[key], below(place, key), objects, tell);
    return query === undefined ? undefined : events(query, metric.counter, below(place, key), tell);
  });
  if (counted === undefined || total === undefined) return undefined;
  const group = groupOf([counted.query, total.query], place, tell);
  const places = { [side]: below(place, side), total: below(place, 'total'), by: place };
  if (objective.method === 'Occurrences')
    return { spec: { kind: 'custom', [side]: counted.events, total: total.events, ...group }, places };
  const share = `${inWindow(counted, group)} / ${inWindow(total, group)}`;
  const ofShare = { gauge: place, badRatio: place, by: place };
  const sliced = slices(side === 'bad' ? share : `1 - ${share}`, objective, ofShare, tell);
  return sliced && { ...sliced, spec: { ...sliced.spec, ...group } };
}

interface Events {
  /** As it stood there, for its grouping. */
  readonly query: string;
  readonly events: string;
}

/** A counter alone, or a query that counts over our placeholder. */
function events(query: string, counter: unknown, place: Place, tell: Tell): Events {
  if (query.includes(windowPlaceholder)) return { query, events: query };
  const series = counterIn(query);
  if (series !== undefined && counter !== false) return { query, events: series };
  if (series !== undefined) {
    tell.warn(below(place, 'metricSource'), 'is no counter: each of its samples counts as that many events');
    return { query, events: `sum_over_time(${series}[${windowPlaceholder}])` };
  }
  const ranged = withoutRanges(query);
  for (const range of ranged.ranges)
    tell.warn(
      below(place, 'metricSource'),
      `counts over ${range}; the rules count over windows of their own in its place`,
    );
  return { query, events: ranged.query };
}

/** The events as an expression with a range, of each group that has a budget of its own. */
function inWindow({ events: text }: Events, { by }: Fields): string {
  const sum = Array.isArray(by) ? `sum by (${by.join(', ')}) ` : 'sum';
  return `${sum}(${text.includes(windowPlaceholder) ? text : `increase(${text}[${windowPlaceholder}])`})`;
}

function raw(
  metric: Fields,
  objective: ObjectiveOf,
  place: Place,
  objects: OpenSloObjects,
  tell: Tell,
): Indicator | undefined {
  const query = readQuery(metric.raw, below(place, 'raw'), objects, tell);
  const { rawType } = metric;
  if (rawType !== 'success' && rawType !== 'failure') {
    tell.problem(
      below(place, 'rawType'),
      notA(rawType, '"success" (good / total) or "failure" (bad / total)'),
    );
    return undefined;
  }
  if (query === undefined) return undefined;
  const mean = meanOf(withoutRanges(query).query);
  const badRatio = rawType === 'failure' ? mean : `1 - ${mean}`;
  const places = { gauge: below(place, 'raw'), badRatio: below(place, 'raw') };
  if (objective.method !== 'Timeslices') return { spec: { kind: 'custom', badRatio }, places };
  return slices(badRatio, objective, places, tell);
}

/** Slices of time by the share of bad events in each: counted as good or bad, or averaged. */
function slices(
  badRatio: string,
  objective: ObjectiveOf,
  places: Readonly<Record<string, Place>>,
  tell: Tell,
): Indicator | undefined {
  if (objective.method === 'RatioTimeslices') return { spec: { kind: 'custom', badRatio }, places };
  const slice = readSlice(objective, tell);
  if (!slice) return undefined;
  const gauge = badRatio.replaceAll(windowPlaceholder, slice.window);
  return { spec: { kind: 'saturation', gauge, limit: slice.badShare }, places };
}

/** The length of a slice as PromQL writes it, and the largest share of bad in a good one. */
function readSlice(
  { fields, place }: ObjectiveOf,
  tell: Tell,
): { readonly window: string; readonly badShare: number } | undefined {
  const { timeSliceTarget: target, timeSliceWindow: window } = fields;
  const length = seconds(typeof window === 'number' ? `${window}m` : window);
  if (length === undefined)
    tell.problem(below(place, 'timeSliceWindow'), notA(window, 'a length of time up to a day, like "5m"'));
  const right = typeof target === 'number' && target > 0 && target <= 1;
  if (!right) tell.problem(below(place, 'timeSliceTarget'), notA(target, 'a ratio above 0 and at most 1'));
  if (length === undefined || !right) return undefined;
  tell.warn(
    below(place, 'timeSliceWindow'),
    `${show(window)}: every ${sliceSeconds} s the last ${length} s are judged, in place of slices that do not overlap`,
  );
  return { window: `${length}s`, badShare: Number((1 - target).toPrecision(9)) };
}
