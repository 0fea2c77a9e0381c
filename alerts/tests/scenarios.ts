import { countsTime, errorBudget, type Slo } from '../../slo/index.ts';
import { type Scenario, step } from './scenario.ts';

const minute = 60;
const hour = 3_600;

export const outage: Scenario = {
  name: 'an outage pages within five minutes, and recovery resets it',
  stretches: [
    { seconds: 30 * minute, good: 30, bad: 0 },
    { seconds: 10 * minute, good: 0, bad: 30 },
    { seconds: 50 * minute, good: 30, bad: 0 },
  ],
  times: [25, 35, 40, 50, 75].map((at) => at * minute),
};

/** What is tried on one objective of each kind. */
export function longScenarios(slo: Slo): readonly Scenario[] {
  if (countsTime(slo.sli)) return [unwatched];
  return [slowBurn(slo), oneFailure(slo), idleFailure, restarts, noTraffic];
}

/** Four times the budget: too slow to page, and so much traffic that it is certain. */
function slowBurn(slo: Slo): Scenario {
  const bad = 10;
  // Whole events: promtool adds up samples, and the noise of fractions would look like a reset.
  const total = Math.max(bad, Math.round(bad / 4 / errorBudget(slo.objective)));
  const burning = { good: total - bad, bad };
  return {
    name: 'a slow burn opens a ticket once half of a day is observed: idle hours are, hours without a scrape are not',
    stretches: [
      { seconds: 5 * hour, ...burning },
      { seconds: hour, good: 0, bad: 0 },
      { seconds: 4 * hour, ...burning },
      { seconds: 1.5 * hour, ...burning, unseen: true },
      { seconds: 2.5 * hour, ...burning },
    ],
    times: [6, 10, 11.5, 13, 14].map((at) => at * hour),
  };
}

/**
 * One failure among so few requests that their bad ratio is four to eight times the budget, and proves nothing. A power of two is
 * added up without noise.
 */
function oneFailure(slo: Slo): Scenario {
  const samples = (12.5 * hour) / step;
  const good = 2 ** Math.ceil(Math.log2(1 / (8 * errorBudget(slo.objective) * samples)));
  return {
    name: 'one failure on a healthy quiet route wakes nobody',
    stretches: [
      { seconds: 12.5 * hour, good, bad: 0 },
      { seconds: step, good: 0, bad: 1 },
      { seconds: 0.5 * hour, good, bad: 0 },
    ],
    times: [12 * hour, 12.5 * hour + 5 * minute, 13 * hour],
  };
}

/** Without a count of 0 for the hours before the first error, the day would be barely observed, and the ticket held back. */
const idleFailure: Scenario = {
  name: 'a route with one request in two hours, all failing, opens a ticket, though its error series appears late',
  stretches: [
    ...Array.from({ length: 6 }, () => [
      { seconds: 2 * hour - step, good: 0, bad: 0 },
      { seconds: step, good: 0, bad: 1 },
    ]).flat(),
    { seconds: hour, good: 0, bad: 0 },
  ],
  times: [12 * hour + 45 * minute],
  lateErrors: true,
};

const restarts: Scenario = {
  name: 'a restart before, in and after an outage neither adds failures nor loses them',
  stretches: [
    { seconds: 30 * minute, good: 30, bad: 0 },
    { seconds: 15 * minute, good: 30, bad: 0, restart: true },
    { seconds: 5 * minute, good: 0, bad: 30 },
    { seconds: 5 * minute, good: 0, bad: 30, restart: true },
    { seconds: 35 * minute, good: 30, bad: 0, restart: true },
  ],
  times: [35, 50, 55, 65, 90].map((at) => at * minute),
};

const noTraffic: Scenario = {
  name: 'no traffic is no verdict',
  stretches: [{ seconds: hour, good: 0, bad: 0 }],
  times: [50 * minute],
};

const unwatched: Scenario = {
  name: 'one bad slice of time wakes nobody, and hours without a value are what the objective says of them',
  stretches: [
    { seconds: 3 * hour, good: 1, bad: 0 },
    { seconds: step, good: 0, bad: 1 },
    { seconds: hour - step, good: 1, bad: 0 },
    { seconds: 3 * hour, good: 1, bad: 0, unseen: true },
    { seconds: hour, good: 1, bad: 0 },
  ],
  times: [3 * hour + 5 * minute, 6 * hour, 8 * hour],
};
