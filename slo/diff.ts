/**
 * What a change of objectives means, as data: which budget it allows, which recorded history it leaves valid, which alerts come
 * and go. Pure.
 */
import { type Tier, tiers } from './burn-rate.ts';
import { type KeyChange, keyChanges, serviceKeysOf, sloKeysOf } from './key-changes.ts';
import {
  countsTime,
  errorBudget,
  maySend,
  type ObjectiveWindow,
  type Service,
  type Slo,
  windowText,
} from './slo.ts';

/**
 * What becomes of the recorded tiles. `kept`: they go on. `mixed`: the series go on and count something else from now on.
 * `anew`: the labels change, so that other series begin. `begins` and `ends`: with the objective.
 */
type History = 'kept' | 'mixed' | 'anew' | 'begins' | 'ends';

/** What an objective allows in its window. */
export interface Allowance {
  readonly ratio: number;
  readonly window: string;
  /** Of a month those of 30 days. */
  readonly windowMinutes: number;
  /** Minutes of total outage at even traffic. */
  readonly outageMinutes: number;
  /** True where time is counted and traffic does not matter. */
  readonly ofTime: boolean;
}

export interface SloChange {
  readonly id: string;
  /** The id under which the same was counted before. */
  readonly renamedFrom?: string;
  readonly keys: readonly KeyChange[];
  readonly history: History;
  /** The keys for which the history does not stay as it is. */
  readonly because: readonly string[];
  readonly before: Allowance | undefined;
  readonly after: Allowance | undefined;
  /** Ids of tiers that could fire and no longer can, and the other way round. */
  readonly alertsGone: readonly string[];
  readonly alertsNew: readonly string[];
}

export interface ServiceChange {
  readonly service: string;
  readonly change: 'added' | 'removed' | 'changed' | 'same';
  readonly keys: readonly KeyChange[];
  /** Those that differ, in the order of the new spec, then those that are gone. */
  readonly slos: readonly SloChange[];
  readonly unchanged: number;
}

/** What each key of an objective does to its history; those that are absent do nothing. */
const effects: Readonly<Record<string, History>> = {
  kind: 'anew',
  routes: 'anew',
  by: 'anew',
  job: 'mixed',
  thresholdSeconds: 'mixed',
  histogram: 'mixed',
  errorTypes: 'mixed',
  gauge: 'mixed',
  limit: 'mixed',
  timestamp: 'mixed',
  missing: 'mixed',
  bad: 'mixed',
  good: 'mixed',
  total: 'mixed',
  badRatio: 'mixed',
};

/** Compares two sets of services by name, and their objectives by id. */
export function diffServices(
  before: readonly Service[],
  after: readonly Service[],
): readonly ServiceChange[] {
  const names = [...new Set([...after, ...before].map(({ name }) => name))];
  const named = (all: readonly Service[], name: string) => all.find((service) => service.name === name);
  return names.map((name) => diffService(name, named(before, name), named(after, name)));
}

function diffService(name: string, before: Service | undefined, after: Service | undefined): ServiceChange {
  const keys = keyChanges(before ? serviceKeysOf(before) : {}, after ? serviceKeysOf(after) : {});
  const job = keys.filter(({ key }) => key === 'job');
  const olds = new Map(before?.slos.map((slo) => [slo.id, slo]));
  const news = new Map(after?.slos.map((slo) => [slo.id, slo]));
  const gone = [...olds.values()].filter(({ id }) => !news.has(id));
  const all = [
    ...[...news.values()].map((slo) =>
      diffSlo(olds.get(slo.id), slo, before && after ? job : [], sameCounted(slo, olds, gone)),
    ),
    ...gone.map((slo) => diffSlo(slo, undefined, [], undefined)),
  ];
  const slos = all.filter(({ keys: own, history }) => own.length > 0 || history !== 'kept');
  const change = !before ? 'added' : !after ? 'removed' : keys.length + slos.length > 0 ? 'changed' : 'same';
  return {
    service: name,
    change,
    keys: before && after ? keys : [],
    slos,
    unchanged: all.length - slos.length,
  };
}

/** The objective that is gone and counted what a new one counts: it was renamed. */
function sameCounted(slo: Slo, olds: ReadonlyMap<string, Slo>, gone: readonly Slo[]): string | undefined {
  if (olds.has(slo.id)) return undefined;
  const counted = (one: Slo) => JSON.stringify([one.sli, one.routes, one.by]);
  return gone.find((old) => counted(old) === counted(slo))?.id;
}

function diffSlo(
  before: Slo | undefined,
  after: Slo | undefined,
  job: readonly KeyChange[],
  renamedFrom: string | undefined,
): SloChange {
  const keys = before && after ? keyChanges(sloKeysOf(before), sloKeysOf(after)) : [];
  const touched = [...keys, ...job].filter(({ key }) => effects[key] !== undefined);
  const old = before ? mayFire(before) : [];
  const now = after ? mayFire(after) : [];
  return {
    id: (after ?? before)!.id,
    ...(renamedFrom === undefined ? {} : { renamedFrom }),
    keys,
    history: !before ? 'begins' : !after ? 'ends' : historyOf(touched),
    because: touched.map(({ key }) => key),
    before: before && allowanceOf(before),
    after: after && allowanceOf(after),
    alertsGone: old.filter((id) => !now.includes(id)),
    alertsNew: now.filter((id) => !old.includes(id)),
  };
}

function historyOf(touched: readonly KeyChange[]): History {
  if (touched.some(({ key }) => effects[key] === 'anew')) return 'anew';
  return touched.length > 0 ? 'mixed' : 'kept';
}

/** Tiers that an objective may send and whose burn rate a total outage reaches. */
function mayFire(slo: Slo): readonly string[] {
  const reaches = ({ factor }: Tier) => factor * errorBudget(slo.objective) < 1;
  return tiers.filter((tier) => maySend(slo, tier.severity) && reaches(tier)).map(({ id }) => id);
}

function allowanceOf({ objective, sli }: Slo): Allowance {
  const windowMinutes = days(objective.window) * 1_440;
  return {
    ratio: objective.ratio,
    window: windowText(objective.window),
    windowMinutes,
    outageMinutes: windowMinutes * errorBudget(objective),
    ofTime: countsTime(sli),
  };
}

function days(window: ObjectiveWindow): number {
  return window.kind === 'month' ? 30 : window.days;
}
