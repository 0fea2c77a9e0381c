// How long until a page, and how many for nothing? Our rules and the workbook's over the same simulated requests.

import {
  alarmsOf,
  type Detection,
  detect,
  drawn,
  errorBudget,
  randomFrom,
  replay,
  replayWorkbook,
  type Scenario,
  scenarioObjective,
  scenarios,
  simulate,
} from '../slo/index.ts';
import type { Bench } from './bench.ts';
import { cell, type Table } from './report.ts';
import { median } from './statistics.ts';

const seeds = 10;
/** Requests per minute from which on a page must not come late. */
const busyRpm = 60;

interface Outcome {
  readonly scenario: Scenario;
  readonly ours: readonly Detection[];
  readonly workbook: readonly Detection[];
}

/** Runs one scenario with as many seeds; each seed gives both sets of rules the same requests. */
export function compareOn(scenario: Scenario, rounds: number): Outcome {
  const budget = errorBudget(scenarioObjective);
  const runs = Array.from({ length: rounds }, (_, seed) => {
    const counts = simulate(scenario, drawn(randomFrom(seed + 1)));
    return {
      ours: detect(scenario, alarmsOf(replay(budget, counts))),
      workbook: detect(scenario, replayWorkbook(budget, counts)),
    };
  });
  return {
    scenario,
    ours: runs.map(({ ours }) => ours),
    workbook: runs.map(({ workbook }) => workbook),
  };
}

/** Our median delay / the workbook's, where it pages and should; a page that never comes counts as the whole trouble. */
export function delayRatio({ scenario, ours, workbook }: Outcome): number | undefined {
  const [fault] = scenario.faults;
  if (scenario.expects !== 'page' || fault === undefined) return undefined;
  const delay = (runs: readonly Detection[]) =>
    median(runs.map((run) => run.delay.page ?? fault.to - fault.from));
  return workbook.some((run) => run.delay.page !== undefined) ? delay(ours) / delay(workbook) : undefined;
}

/** `43.5 m`, `3.6 h`; how many of the runs, where not all. */
function shown(values: readonly (number | undefined)[]): string {
  const there = values.filter((value) => value !== undefined);
  if (there.length === 0) return '-';
  const share = there.length === values.length ? '' : ` (${there.length}/${values.length})`;
  const seconds = median(there);
  const text =
    seconds < 120
      ? `${cell(seconds)} s`
      : seconds < 7_200
        ? `${cell(seconds / 60)} m`
        : `${cell(Number((seconds / 3_600).toFixed(1)))} h`;
  return `${text}${share}`;
}

function falsePages(runs: readonly Detection[]): number {
  return runs.reduce((sum, run) => sum + run.falsePages, 0);
}

function row(outcome: Outcome): string[] {
  const { scenario, ours, workbook } = outcome;
  const ratio = delayRatio(outcome);
  const both = (of: (run: Detection) => number | undefined) => [shown(workbook.map(of)), shown(ours.map(of))];
  return [
    scenario.name,
    cell(scenario.rpm),
    scenario.expects,
    ...both((run) => run.delay.page),
    ratio === undefined ? '' : cell(ratio),
    ...both((run) => run.reset),
    ...both((run) => run.delay.ticket),
    cell(falsePages(workbook)),
    cell(falsePages(ours)),
  ];
}

const head = [
  ...['scenario', 'rpm', 'deserves', 'page: workbook', 'ours', 'ratio', 'reset: workbook', 'ours'],
  ...['ticket: workbook', 'ours', 'false pages: workbook', 'ours'],
];

export const detection: Bench<'detection'> = {
  question:
    "how soon our alerts page, and how often for nothing, beside the SRE workbook's as Sloth renders them",
  async run({ settings, signal }) {
    const rounds = settings.rounds ?? seeds;
    const outcomes = scenarios.map((scenario) => {
      signal.throwIfAborted();
      return compareOn(scenario, rounds);
    });
    const ratios = outcomes
      .filter(({ scenario }) => scenario.rpm >= busyRpm)
      .flatMap((outcome) => delayRatio(outcome) ?? []);
    const quietest = outcomes.filter(({ scenario }) => scenario.faults.length === 0 && scenario.rpm <= 1);
    const days = quietest.reduce((sum, { scenario }) => sum + (scenario.seconds / 86_400) * rounds, 0);
    const table: Table = { head, rows: outcomes.map(row) };
    return {
      tables: [table],
      notes: [
        `Medians of ${rounds} seeds, objective 99.9 %; in brackets the runs that alerted at all, where not all did.`,
        `falsePages and slothFalsePages: ${days} service-days at 1 rpm, half of the budget spent.`,
        'reset: from the end of the trouble to the end of the page.',
      ],
      figures: {
        worstDelayRatio: Math.max(...ratios),
        falsePages: quietest.reduce((sum, { ours }) => sum + falsePages(ours), 0),
        slothFalsePages: quietest.reduce((sum, { workbook }) => sum + falsePages(workbook), 0),
      },
    };
  },
};
