import { MECHANISMS } from '../confidence.ts';
import { clockTime, count, counted, duration, percent, rate, routeName, span, times } from '../format.ts';
import type { BudgetCost, Finding, FindingChart, Incident } from '../incident.ts';

/** `2026-11-27 14:22:10`, UTC. */
export function momentOf(unixNano: string): string {
  const date = new Date(Number(BigInt(unixNano) / 1_000_000n)).toISOString();
  return `${date.slice(0, 10)} ${date.slice(11, 19)}`;
}

/** From when to when: `2026-11-27 14:22:10 – 14:41:02 UTC, 19 min`. */
export function lastingOf(incident: Omit<Incident, 'findings'>): string {
  const { onsetUnixNano, closedUnixNano, updatedUnixNano, durationSeconds } = incident;
  const end = BigInt(closedUnixNano ?? updatedUnixNano);
  const seconds = durationSeconds ?? Number(end - BigInt(onsetUnixNano)) / 1e9;
  const until = closedUnixNano === undefined ? 'now' : clockTime(end);
  const bad = durationSeconds === undefined ? '' : ' of it bad';
  return `${momentOf(onsetUnixNano)} – ${until} UTC, ${span(seconds)}${bad}`;
}

/** `shop, GET /orders/{id}, latency`; without a route no signal is told: it is that of no route. */
export function subjectOf(
  incident: Pick<Incident, 'service' | 'method' | 'route' | 'signal' | 'where'>,
): string {
  const { service, route, signal } = incident;
  const name = service === '' ? 'no service named' : service;
  return route === '' ? `${name}, no route named` : `${name}, ${routeName(incident)}, ${signal}`;
}

/** What was not there to be looked at, as one text; '' when nothing lacked. */
export function lackedText({ lacked = [] }: Pick<Incident, 'lacked'>): string {
  return lacked.join(' ');
}

/** What was spent of each error budget: `2.7 % of the 30d budget of verify-availability (8,336 of 134,451 events bad)`. */
export function costText({ slo, window, share, badEvents, totalEvents }: BudgetCost): string {
  const spent = share === null ? 'No part' : percent(share);
  return `${spent} of the ${window} budget of ${slo} (${count(badEvents)} of ${count(totalEvents)} events bad)`;
}

/** A finding's n on both sides: `n = 312 before, 96 in the incident`; '' where it rests on no counts. */
export function countsOf({ baseline, incident }: Finding): string {
  if (baseline.n === 0 && incident.n === 0) return '';
  return `n = ${count(baseline.n)} before, ${count(incident.n)} in the incident`;
}

/** How a finding that does not hold is marked: `does not apply`; '' for one that holds. */
export function outcomeText({ kind, outcome }: Finding): string {
  if (outcome === 'holds') return '';
  if (outcome === 'untested') return 'not tested';
  if (kind === 'alternatives') return 'refuted';
  return MECHANISMS.includes(kind) ? 'does not apply' : 'does not hold';
}

/** A value of a chart with its unit. */
export function valueText(unit: FindingChart['unit'], value: number): string {
  if (unit === 'ms') return duration(value);
  if (unit === 'share') return percent(value);
  if (unit === 'ratio') return times(value);
  return unit === 'per-second' ? `${rate(value)}/s` : count(value);
}

/** A chart in one sentence, for those who do not see it. */
export function chartText({ title, unit, value }: FindingChart): string {
  const measured = value.filter((v): v is number => v !== null && Number.isFinite(v));
  if (measured.length === 0) return `${title}: nothing measured`;
  const low = measured.reduce((a, b) => Math.min(a, b));
  const high = measured.reduce((a, b) => Math.max(a, b));
  const [least, most, last] = [low, high, measured.at(-1)!].map((v) => valueText(unit, v));
  return `${title}: lowest ${least}, highest ${most}, last ${last}, ${counted(measured.length, 'point')}`;
}
