// What do the rules of an objective cost a Prometheus that holds 30 days, beside Sloth's over the same counters? Samples are
// those that its engine counts; CPU time is that of whole evaluations, with what they append.
import { join } from 'node:path';
import { randomFrom } from '../slo/index.ts';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { cell, type Table } from './report.ts';
import { traffic } from './rules/counters.ts';
import { type Cycles, type RulesEngine, startEngine } from './rules/engine.ts';
import { ourRules, serviceOf } from './rules/services.ts';
import { slothRules } from './rules/sloth.ts';
import { buildPeer } from './service.ts';
import { median } from './statistics.ts';

const hourMs = 3_600_000;
const cyclesAnHour = 120;
const defaultRounds = 5;
/** What alerts read is seconds old: the slowest group has been evaluated then. */
const warmMs = 600_000;
/** Longer than the longest window, which has to be full. */
const pastHours = 30 * 24 + 2;
const startMs = Date.UTC(2026, 0, 1);

/** Seven series each route: the codes that an instance answers with. */
const cases = {
  route: { routes: ['/orders/{id}'], each: 'route' },
  service: { routes: ['/orders/{id}', '/orders', '/products/{sku}'], each: 'service' },
} as const;

type Case = keyof typeof cases;
const sides = ['ours', 'sloth'] as const;
type Side = (typeof sides)[number];

/** An hour of evaluations each round, by side. */
export type CostRounds = Readonly<Record<Side, readonly Cycles[]>>;
export type Costs = Readonly<Record<Case, CostRounds>>;

async function measure(name: Case, binary: string, deps: BenchDeps): Promise<CostRounds> {
  const { routes, each } = cases[name];
  const rounds = deps.settings.rounds ?? defaultRounds;
  const service = serviceOf(routes, each);
  const hours = pastHours + rounds;
  const shape = { steps: hours * cyclesAnHour, routes, instances: 1, ...steady };
  const { counters } = traffic(shape, randomFrom(1));
  const rules = { ours: ourRules(service), sloth: await slothRules(service, deps) };
  const engines = new Map<Side, RulesEngine>();
  const nowMs = startMs + pastHours * hourMs;
  const warmFromMs = nowMs - warmMs;
  for (const side of sides) {
    deps.tell(`${name}: 30 days of counters, and what the rules of ${side} recorded of them`);
    const loaded = { startMs, counters, rules: rules[side] };
    const engine = await startEngine(binary, `${name}-${side}`, loaded, deps);
    await engine.history({ fromMs: startMs, toMs: warmFromMs });
    await engine.cycles({ fromMs: warmFromMs, toMs: nowMs });
    engines.set(side, engine);
  }
  const found: Record<Side, Cycles[]> = { ours: [], sloth: [] };
  for (let round = 0; round < rounds; round++) {
    deps.tell(`${name}: hour ${round + 1} of ${rounds}`);
    const span = { fromMs: nowMs + round * hourMs, toMs: nowMs + (round + 1) * hourMs };
    for (const side of sides) found[side].push(await engines.get(side)!.cycles(span));
  }
  for (const engine of engines.values()) await engine.stop();
  return found;
}

/** Ten requests a second, one of two thousand fails. */
const steady = { perMinute: () => 600, badRatio: () => 0.0005 };

/** Samples of an objective in a cycle of 30 s: pure. */
function samplesOf(rounds: readonly Cycles[]): number {
  return median(rounds.map(({ samples }) => samples)) / cyclesAnHour;
}

function cpuRatio({ ours, sloth }: CostRounds): number {
  return median(ours.map(({ cpuSeconds }, round) => cpuSeconds / sloth[round]!.cpuSeconds));
}

/** Figures from the rounds; that of CPU is the worse case: pure. */
export function costFigures(costs: Costs): Findings<'rules-cost'>['figures'] {
  const ratio = ({ ours, sloth }: CostRounds) => samplesOf(ours) / samplesOf(sloth);
  return {
    ratioRoute: ratio(costs.route),
    ratioService: ratio(costs.service),
    ratioCpu: Math.max(...Object.values(costs).map(cpuRatio)),
  };
}

function costTable(costs: Costs): Table {
  const rows = (Object.keys(cases) as Case[]).flatMap((name) =>
    sides.map((side) => {
      const rounds = costs[name][side];
      const cpu = median(rounds.map(({ cpuSeconds }) => cpuSeconds));
      return [`${name}, ${side}`, cell(samplesOf(rounds)), cell(cpu)];
    }),
  );
  return { head: ['of one objective', 'samples a cycle of 30 s', 'CPU s an hour'], rows };
}

/** What each rule reads, the dearest first. */
function ruleTable(name: Case, side: Side, { [side]: rounds }: CostRounds): Table {
  const rules = [...rounds.at(-1)!.rules].sort((a, b) => b.samples - a.samples);
  return {
    head: [`${name}, ${side}`, 'samples a cycle'],
    rows: rules
      .filter(({ samples }) => samples > 0)
      .map(({ rule, samples }) => [rule, cell(samples / cyclesAnHour)]),
  };
}

export const rulesCost: Bench<'rules-cost'> = {
  question: "what the rules of an objective cost a Prometheus, beside Sloth's",
  async run(deps) {
    const binary = join(deps.folder, 'rules-engine');
    deps.tell("building Prometheus's engine");
    await buildPeer('rules-engine', binary, deps);
    const costs = {
      route: await measure('route', binary, deps),
      service: await measure('service', binary, deps),
    };
    return {
      tables: [
        costTable(costs),
        ruleTable('route', 'ours', costs.route),
        ruleTable('route', 'sloth', costs.route),
        ruleTable('service', 'ours', costs.service),
      ],
      notes: [
        'A rule that is evaluated every four minutes counts an eighth in a cycle of 30 s.',
        'What the rules recorded over 30 days comes of range queries; in every hour that is measured they gave the same values as the groups.',
        'All is in the head of the database: blocks on the disk would make the long ranges dearer, which are those of Sloth.',
      ],
      figures: costFigures(costs),
    };
  },
};
