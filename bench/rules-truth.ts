// Is what the rules say of 30 days true? Counters of six shapes of traffic, whose every event is known, are recorded for 30 days;
// what is then left of the budget is held against the events themselves, and Sloth's ratio beside it.
import { join } from 'node:path';
import { randomFrom } from '../slo/index.ts';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { cell, type Table } from './report.ts';
import { type Counter, stepSeconds, traffic } from './rules/counters.ts';
import { type Loaded, type RulesEngine, startEngine } from './rules/engine.ts';
import { ourRules, serviceOf } from './rules/services.ts';
import { pastSeconds, type ShapeName, shapeNames, shapes, windowSeconds } from './rules/shapes.ts';
import { slothRules } from './rules/sloth.ts';
import { buildPeer } from './service.ts';

const startMs = Date.UTC(2026, 0, 1);
const nowMs = startMs + (pastSeconds + windowSeconds) * 1000;
const route = '/orders/{id}';

/** What a shape was, and what was recorded of it. Ratios are bad events / all events of 30 days. */
export interface Judged {
  shape: ShapeName;
  bad: number;
  truth: number;
  /** Undefined: nothing is recorded; NaN: that is. */
  ours: number | undefined;
  sloth: number | undefined;
  coverage: number | undefined;
  /** Of all that was recorded at any time: values, and those that are no number. */
  samples: number;
  nans: number;
  slothNans: number;
}

/** Bad and all events that came in the 30 days before now: those of steps that were scraped after its begin. */
function eventsOf(counts: Float64Array): number {
  const first = pastSeconds / stepSeconds;
  return counts.subarray(first, first + windowSeconds / stepSeconds).reduce((sum, events) => sum + events, 0);
}

async function judge(shape: ShapeName, binary: string, deps: BenchDeps): Promise<Judged> {
  deps.tell(`${shape}: 30 days`);
  const steps = (pastSeconds + windowSeconds) / stepSeconds + 1;
  const of = { steps, routes: [route], ...shapes[shape] };
  const { counters, bad, total } = traffic(of, randomFrom(7));
  const service = serviceOf([route], 'route');
  const loaded = (rules: string): Loaded => ({ startMs, counters: counters.filter(isThere), rules });
  const found = { shape, bad: eventsOf(bad), truth: eventsOf(bad) / eventsOf(total) };
  const ours = await startEngine(binary, `${shape}-ours`, loaded(ourRules(service)), deps);
  await record(ours, true);
  const told = await ours.nans('slo:.+');
  const answers = {
    ours: await ours.query('slo:bad_events:sum30d / slo:events:sum30d', nowMs),
    coverage: await ours.query('slo:coverage:ratio30d', nowMs),
  };
  await ours.stop();
  const sloth = await startEngine(binary, `${shape}-sloth`, loaded(await slothRules(service, deps)), deps);
  const theirs = await slothRatio(sloth);
  await sloth.stop();
  return { ...found, ...answers, ...told, ...theirs };
}

/** A series of which no sample was scraped is none. */
function isThere({ values }: Counter): boolean {
  return values.some((value) => !Number.isNaN(value));
}

/** The last minute is evaluated by the groups themselves; before it all rules, or those that others read of the past. */
async function record(engine: RulesEngine, all: boolean): Promise<void> {
  const lastMs = nowMs - 60_000;
  await engine.history({ fromMs: startMs, toMs: lastMs, all });
  await engine.cycles({ fromMs: lastMs, toMs: nowMs + 1 });
}

/** Of Sloth's rules over 30 days only that at the end is asked for: it reads what the rule over 5 minutes recorded. */
async function slothRatio(engine: RulesEngine) {
  await record(engine, false);
  const { nans: slothNans } = await engine.nans('slo:sli_error:ratio_rate5m');
  return { slothNans, sloth: await engine.query('slo:sli_error:ratio_rate30d', nowMs) };
}

/** By how many per cent of the truth a ratio is away from it; 100 where there is none: pure. */
export function errorPercent(truth: number, ratio: number | undefined): number {
  return ratio === undefined || Number.isNaN(ratio) ? 100 : (Math.abs(ratio - truth) / truth) * 100;
}

/** The worst of the shapes that have a target, and NaN of all: pure. */
export function truthFigures(judged: readonly Judged[]): Findings<'rules-truth'>['figures'] {
  const aimed = judged.filter(({ shape }) => shapes[shape].told !== true);
  return {
    maxErrorPercent: Math.max(...aimed.map(({ truth, ours }) => errorPercent(truth, ours))),
    nanSamples: judged.reduce((sum, { nans }) => sum + nans, 0),
  };
}

function signed(truth: number, ratio: number | undefined): string {
  if (ratio === undefined) return 'nothing';
  if (Number.isNaN(ratio)) return 'NaN';
  const percent = (ratio / truth - 1) * 100;
  return `${percent < 0 ? '' : '+'}${cell(percent)} %`;
}

function truthTable(judged: readonly Judged[]): Table {
  return {
    head: ['shape', 'bad events', 'true ratio', 'ours', 'Sloth', 'coverage', 'NaN, ours', "NaN, Sloth's 5m"],
    rows: judged.map(({ shape, bad, truth, ours, sloth, coverage, nans, slothNans }) => [
      shape,
      cell(bad),
      `${cell(truth * 100)} %`,
      signed(truth, ours),
      signed(truth, sloth),
      coverage === undefined ? 'nothing' : cell(coverage),
      cell(nans),
      cell(slothNans),
    ]),
  };
}

export const rulesTruth: Bench<'rules-truth'> = {
  question: 'how far the recorded ratio of 30 days is from the events that came',
  async run(deps) {
    const binary = join(deps.folder, 'rules-engine');
    deps.tell("building Prometheus's engine");
    await buildPeer('rules-engine', binary, deps);
    const judged: Judged[] = [];
    for (const shape of shapeNames) judged.push(await judge(shape, binary, deps));
    const samples = judged.reduce((sum, one) => sum + one.samples, 0);
    return {
      tables: [truthTable(judged)],
      notes: [
        ...shapeNames.map((name) => `${name}: ${shapes[name].is}`),
        `NaN was looked for in all ${cell(samples)} values that our rules recorded in 30 days.`,
        'Truth counts every event, also those that came while nothing was scraped.',
      ],
      figures: truthFigures(judged),
    };
  },
};
