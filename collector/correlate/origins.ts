import { resourceAttribute } from '../../slo/index.ts';
import type { Cohorts } from './cohort.ts';
import { alternative, untested } from './finding.ts';
import { count, percent, pValue } from './format.ts';
import type { Finding, Question } from './incident.ts';
import { plain, type RequestTree } from './spans.ts';
import { fisherExact } from './stats.ts';

/** One instance is to blame when its bad share is this many times that of the others. */
const ONE_INSTANCE = 2;
/** Fewer requests without the new version are no counterfactual. */
const LEAST_OTHERS = 10;
const SIGNIFICANT = 0.01;

/** Requests by the value that a resource attribute has in each service that took part in them. */
type Members = Map<string, Map<string, RequestTree[]>>;

/** Did a version come with the onset, of the service or of one that it calls? Where both run, the new one must be worse. */
export function newRelease(question: Question, cohorts: Cohorts): Finding {
  const name = 'New release';
  const key = resourceAttribute.serviceVersion;
  const { baseline, current } = cohorts;
  const [before, now] = [membersOf(baseline.requests, key), membersOf(current.requests, key)];
  const services = [...now.keys()].filter((service) => before.has(service)).sort(ownFirst(question));
  if (services.length === 0) return untested(question, 'alternatives', `spans carry no ${key}`, name);
  const fresh = services.flatMap((service) =>
    [...now.get(service)!]
      .filter(([version]) => !before.get(service)!.has(version))
      .map(([version, requests]) => ({ service, version, ...against(requests, now.get(service)!, cohorts) })),
  );
  const n = `${count(current.requests.length)} traces, ${count(baseline.requests.length)} before`;
  const [first] = fresh.toSorted((a, b) => Number(b.explains) - Number(a.explains));
  if (!first) {
    const known = services.map((service) => `${service} ${[...now.get(service)!.keys()].join(', ')}`);
    return alternative(question, name, false, `${known.join(', ')} before and since (${n}).`);
  }
  const share = percent(first.own.n / current.requests.length);
  const text = `${first.service} ${first.version} is new since the onset, ${share} of traces (${n})${first.says}.`;
  const { service, version } = first;
  return alternative(question, name, first.explains, text, { ...first.numbers, facts: { service, version } });
}

/** Is one instance worse than the others, of the service or of one that it calls? */
export function oneInstance(question: Question, cohorts: Cohorts): Finding {
  const name = 'One instance';
  const keys = [resourceAttribute.serviceInstanceId, resourceAttribute.hostName];
  const all = keys.map((key) => membersOf(cohorts.current.requests, key));
  const members = all.find((found) => found.has(question.service));
  if (!members) return untested(question, 'alternatives', 'spans do not name their instance', name);
  const worst = [...members]
    .filter(([, instances]) => instances.size > 1)
    .flatMap(([service, instances]) => worstOf(service, instances, cohorts) ?? [])
    .toSorted((a, b) => Number(b.explains) - Number(a.explains) || ownFirst(question)(a.service, b.service));
  const [first] = worst;
  if (!first) return untested(question, 'alternatives', `${question.service} has one instance`, name);
  const { own, others, p, of, explains } = first;
  const where = first.service === question.service ? '' : ` of ${first.service}`;
  const text = `${percent(own.bad / own.n)} bad on the worst of ${of}${where}, ${percent(others.bad / others.n)} on the others (${count(own.n)} and ${count(others.n)} traces), ${pValue(p)}.`;
  const numbers = { ...first.numbers, facts: { service: first.service, instance: first.instance } };
  return alternative(question, name, explains, explains ? `${first.instance}: ${text}` : text, numbers);
}

function membersOf(requests: readonly RequestTree[], key: string): Members {
  const members: Members = new Map();
  for (const request of requests) {
    for (const node of request.spans) {
      const value = plain(node.resource[key]);
      if (value === '') continue;
      const values = members.get(node.service) ?? new Map<string, RequestTree[]>();
      members.set(node.service, values);
      const own = values.get(value) ?? [];
      values.set(value, own);
      if (own.at(-1) !== request) own.push(request);
    }
  }
  return members;
}

function ownFirst({ service }: Question): (a: string, b: string) => number {
  return (a, b) => Number(b === service) - Number(a === service) || (a < b ? -1 : 1);
}

interface Side {
  n: number;
  bad: number;
}

function sideOf(requests: readonly RequestTree[], { slowMs }: Pick<Cohorts, 'slowMs'>): Side {
  const bad = requests.filter((request) => request.durationMs > slowMs || request.entry.failed);
  return { n: requests.length, bad: bad.length };
}

/** Requests that touched one value against those of the same time that touched only others: what came before is no peer. */
function compared(requests: readonly RequestTree[], values: Map<string, RequestTree[]>, cohorts: Cohorts) {
  const touched = new Set(requests);
  const [from, to] = lifeOf(requests);
  const rest = new Set(
    [...values.values()]
      .flat()
      .filter((request) => !touched.has(request) && startOf(request) >= from && startOf(request) <= to),
  );
  const [own, others] = [sideOf(requests, cohorts), sideOf([...rest], cohorts)];
  const p = fisherExact(own.bad, own.n, others.bad, others.n);
  const difference = own.bad / own.n - others.bad / Math.max(1, others.n);
  return { own, others, p, numbers: { effect: difference, p } };
}

const startOf = ({ entry }: RequestTree) => entry.startUnixNano;

/** When the first and the last of some requests began. */
function lifeOf(requests: readonly RequestTree[]): [bigint, bigint] {
  const starts = requests.map(startOf);
  return [
    starts.reduce((a, b) => (b < a ? b : a), starts[0] ?? 0n),
    starts.reduce((a, b) => (b > a ? b : a), starts[0] ?? 0n),
  ];
}

/** A new version: it explains the change when nothing else runs, or what else runs is better. */
function against(requests: readonly RequestTree[], values: Map<string, RequestTree[]>, cohorts: Cohorts) {
  const found = compared(requests, values, cohorts);
  const { own, others, p } = found;
  if (others.n < LEAST_OTHERS) return { ...found, explains: true, says: '', numbers: {} };
  const says = `; ${percent(own.bad / own.n)} of them bad, ${percent(others.bad / others.n)} of ${count(others.n)} without it, ${pValue(p)}`;
  return { ...found, explains: p < SIGNIFICANT && own.bad / own.n > others.bad / others.n, says };
}

function worstOf(service: string, instances: Map<string, RequestTree[]>, cohorts: Cohorts) {
  const rows = [...instances]
    .map(([instance, requests]) => ({ instance, ...compared(requests, instances, cohorts) }))
    .filter(({ others }) => others.n > 0);
  const [first, ...more] = rows;
  // One that took the place of another never ran beside it.
  if (!first) return undefined;
  const worst = more.reduce((a, b) => (b.own.bad / b.own.n > a.own.bad / a.own.n ? b : a), first);
  const { own, others, p } = worst;
  const explains = p < SIGNIFICANT && own.bad / own.n >= ONE_INSTANCE * (others.bad / Math.max(1, others.n));
  return { service, of: instances.size, explains, ...worst };
}
