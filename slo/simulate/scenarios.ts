import type { Severity } from '../slo.ts';
import type { Fault, Traffic } from './traffic.ts';

const minute = 60;
const hour = 3_600;
const day = 86_400;

/** One row: what comes, and the gravest alert that it deserves. */
export interface Scenario extends Traffic {
  readonly name: string;
  readonly expects: Severity | 'none';
}

/** Every scenario promises 99.9 %. */
export const scenarioObjective = { ratio: 0.999 } as const;

/** A service that spends a fifth of its budget is well. */
const well = 0.0002;
/** Three days, the longest window, and ten in the morning: the middle of a working day. */
const onset = 3 * day + 10 * hour;
/** Long enough for the pages to end: what stays is a ticket. */
const after = 8 * hour;

interface Row {
  readonly name: string;
  readonly rpm: number;
  readonly expects: Scenario['expects'];
  readonly lasts: number;
  readonly fault: Omit<Fault, 'from' | 'to'>;
  /** Onset in seconds from the start of the simulation. */
  readonly at?: number;
  readonly diurnal?: boolean;
}

/** Trouble on a service that was well before and is well afterwards. */
const troubles: readonly Row[] = [
  { name: '100 %, 5 m', rpm: 600, expects: 'page', lasts: 5 * minute, fault: { ratio: 1 } },
  { name: '100 %, 2 m', rpm: 600, expects: 'page', lasts: 2 * minute, fault: { ratio: 1 } },
  { name: '100 %, 30 m', rpm: 60, expects: 'page', lasts: 30 * minute, fault: { ratio: 1 } },
  { name: '50 %, 10 m', rpm: 600, expects: 'page', lasts: 10 * minute, fault: { ratio: 0.5 } },
  { name: '20 %, 30 m', rpm: 60, expects: 'page', lasts: 30 * minute, fault: { ratio: 0.2 } },
  { name: '10 %, 1 h', rpm: 600, expects: 'page', lasts: hour, fault: { ratio: 0.1 } },
  { name: '10 %, 1 h', rpm: 60, expects: 'page', lasts: hour, fault: { ratio: 0.1 } },
  { name: '5 %, 1 h', rpm: 600, expects: 'page', lasts: hour, fault: { ratio: 0.05 } },
  { name: '2 %, 2 h', rpm: 600, expects: 'page', lasts: 2 * hour, fault: { ratio: 0.02 } },
  { name: '2 %, 2 h', rpm: 60, expects: 'page', lasts: 2 * hour, fault: { ratio: 0.02 } },
  { name: '1 %, 8 h', rpm: 600, expects: 'page', lasts: 8 * hour, fault: { ratio: 0.01 } },
  { name: '0.8 %, 12 h', rpm: 600, expects: 'page', lasts: 12 * hour, fault: { ratio: 0.008 } },
  { name: '0.4 %, 1 d', rpm: 600, expects: 'ticket', lasts: day, fault: { ratio: 0.004 } },
  { name: '0.15 %, 3 d', rpm: 600, expects: 'ticket', lasts: 3 * day, fault: { ratio: 0.0015 } },
  { name: 'one failure', rpm: 1, expects: 'none', lasts: minute, fault: { ratio: 0, failures: 1 } },
  { name: '100 %, 1 h', rpm: 1, expects: 'page', lasts: hour, fault: { ratio: 1 } },
  { name: '10 %, 2 h', rpm: 10, expects: 'page', lasts: 2 * hour, fault: { ratio: 0.1 } },
  { name: '100 %, 2 d, idle route', rpm: 0.01, expects: 'ticket', lasts: 2 * day, fault: { ratio: 1 } },
  {
    name: '100 %, 10 m, busiest hour',
    rpm: 300,
    diurnal: true,
    expects: 'page',
    at: 3 * day + 15 * hour,
    lasts: 10 * minute,
    fault: { ratio: 1 },
  },
  {
    name: 'night outage, 30 m',
    rpm: 600,
    diurnal: true,
    expects: 'page',
    at: 3 * day + 3 * hour,
    lasts: 30 * minute,
    fault: { ratio: 1 },
  },
  {
    name: 'outage ten minutes after the first scrape',
    rpm: 600,
    expects: 'page',
    at: 10 * minute,
    lasts: 20 * minute,
    fault: { ratio: 1 },
  },
  { name: 'deploy spike, 30 %, 3 m', rpm: 600, expects: 'page', lasts: 3 * minute, fault: { ratio: 0.3 } },
  {
    name: 'one of ten routes fails, 20 m',
    rpm: 600,
    expects: 'page',
    lasts: 20 * minute,
    fault: { ratio: 0.1 },
  },
  {
    name: 'retry storm: 60 % of four times the traffic, 15 m',
    rpm: 300,
    expects: 'page',
    lasts: 15 * minute,
    fault: { ratio: 0.6, traffic: 4 },
  },
  {
    name: 'flapping: 1 m of 20 %, 1 m of none, 2 h',
    rpm: 600,
    expects: 'page',
    lasts: 2 * hour,
    fault: { ratio: 0.2, pulse: { every: 2 * minute, on: minute } },
  },
  {
    name: 'slow leak: 0 to 5 % in 6 h',
    rpm: 600,
    expects: 'page',
    lasts: 6 * hour,
    fault: { ratio: 0, toRatio: 0.05 },
  },
];

/** Routes without trouble, for 14 days: whatever they send is false. Half of what may fail fails, which is well enough. */
const quiet: readonly Scenario[] = [
  { name: 'healthy, 14 d', rpm: 1, expects: 'none', healthyRatio: 0.0005, faults: [], seconds: 14 * day },
  { name: 'healthy, 14 d', rpm: 10, expects: 'none', healthyRatio: 0.0005, faults: [], seconds: 14 * day },
];

/** What alerts are measured by. Sources: the workbook's own table of detection times, and what operators complain of. */
export const scenarios: readonly Scenario[] = [...troubles.map(scenarioOf), ...quiet];

function scenarioOf({ name, rpm, expects, lasts, fault, at = onset, diurnal }: Row): Scenario {
  const faults = [{ ...fault, from: at, to: at + lasts }];
  const shape = diurnal ? { diurnal } : {};
  return { name, rpm, expects, healthyRatio: well, faults, seconds: at + lasts + after, ...shape };
}
