// What does observing a request cost above the bare handler, and how does that compare with the usual stack?
// Each stack runs in a process of its own, which calls its handler directly and tells its CPU time by getrusage;
// the stacks take turns, so that a busy moment of the machine meets all of them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { type Conversation, converse } from './processes.ts';
import { cell, type Table } from './report.ts';
import { buildDriven, buildPeer, emitService } from './service.ts';
import { type Sink, startSink } from './sink.ts';
import { median, overheadRatio, spread } from './statistics.ts';

const defaultRounds = 25;
const defaultRequests = 40_000;
/** Before the first round: caches are filled, maps have grown. */
const warmUpRequests = 20_000;

/** A caller that decided not to sample: the example of https://www.w3.org/TR/trace-context/#traceparent-header */
const unsampledParent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

/** A stack, how it is set, and which requests it gets. */
interface Stack {
  says: string;
  binary: 'bare' | 'otelhttp' | 'ours';
  env?: Record<string, string>;
  parent?: string;
  /** Every request leaves a span, so the queue (2048 spans) must be sent more often than with 5 %. */
  recorded?: true;
}

const sampled = { ACCESS_LOG: 'sampled' };

const stacks = {
  bare: { says: 'the bare handler', binary: 'bare' },
  oursSampledLog: { says: 'ours, 5 %, lines of sampled requests', binary: 'ours', env: sampled },
  peerSampledLog: { says: 'otelhttp, 5 %, lines of sampled requests', binary: 'otelhttp', env: sampled },
  oursFullLog: { says: 'ours, 5 %, a line for each request', binary: 'ours' },
  peerFullLog: { says: 'otelhttp, 5 %, a line for each request', binary: 'otelhttp' },
  oursKeep: {
    says: 'ours as the first, keeping failures',
    binary: 'ours',
    env: { ...sampled, KEEP_FAILURES: 'true' },
  },
  oursUnsampled: {
    says: 'ours, nothing sampled',
    binary: 'ours',
    env: { ...sampled, OTEL_TRACES_SAMPLER: 'always_off' },
  },
  oursParent: { says: 'ours, an unsampled parent', binary: 'ours', env: sampled, parent: unsampledParent },
  oursRecorded: {
    says: 'ours, everything recorded',
    binary: 'ours',
    env: { OTEL_TRACES_SAMPLER: 'always_on' },
    recorded: true,
  },
  peerRecorded: {
    says: 'otelhttp, everything recorded',
    binary: 'otelhttp',
    env: { SAMPLE_RATIO: '1' },
    recorded: true,
  },
} as const satisfies Record<string, Stack>;

type StackName = keyof typeof stacks;

/** What the driver answers to a round; each figure for one request. */
interface Cost {
  cpuNs: number;
  allocations: number;
}

export type Costs = Record<StackName, Cost[]>;

const names = Object.keys(stacks) as StackName[];

function perStack<T>(make: (name: StackName) => T): Record<StackName, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<StackName, T>;
}

async function buildAll(deps: BenchDeps): Promise<Record<Stack['binary'], string>> {
  const binaries = {
    bare: join(deps.folder, 'bare'),
    otelhttp: join(deps.folder, 'otelhttp'),
    ours: join(deps.folder, 'ours'),
  };
  deps.tell('emitting and building the service and its peers');
  const service = await emitService(join(deps.folder, 'shop'), {});
  await buildDriven(service, binaries.ours, deps);
  await buildPeer('bare', binaries.bare, deps);
  await buildPeer('otelhttp', binaries.otelhttp, deps);
  return binaries;
}

function startStack(stack: Stack, binary: string, sink: Sink, deps: BenchDeps): Promise<Conversation> {
  const env = {
    ...deps.env,
    // On one core: what the collector of garbage does on idle cores is not part of a request.
    GOMAXPROCS: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.endpoint,
    LOG_FILE: '/dev/null',
    SAMPLE_RATIO: '0.05',
    ...stack.env,
  };
  return converse({ command: binary, args: [], env, signal: deps.signal });
}

async function ask(running: Conversation, stack: Stack, requests: number, profile = ''): Promise<Cost> {
  const flushEvery = stack.recorded ? 1000 : 10_000;
  const parent = stack.parent ?? '';
  const round = { Requests: requests, Parent: parent, FlushEvery: flushEvery, Profile: profile };
  return (await running.ask(round)) as Cost;
}

async function measure(
  deps: BenchDeps,
  binaries: Record<Stack['binary'], string>,
  sink: Sink,
): Promise<Costs> {
  const { rounds = defaultRounds, requests = defaultRequests, profile } = deps.settings;
  const running: [StackName, Conversation][] = [];
  const costs = perStack((): Cost[] => []);
  try {
    for (const name of names) {
      running.push([name, await startStack(stacks[name], binaries[stacks[name].binary], sink, deps)]);
    }
    for (const [name, stack] of running) await ask(stack, stacks[name], warmUpRequests);
    for (let round = 1; round <= rounds; round++) {
      deps.tell(`round ${round} of ${rounds}`);
      for (const [name, stack] of running) costs[name].push(await ask(stack, stacks[name], requests));
    }
    if (profile !== undefined) {
      mkdirSync(profile, { recursive: true });
      for (const [name, stack] of running) {
        await ask(stack, stacks[name], requests, join(profile, `${name}.pprof`));
      }
    }
  } finally {
    for (const [, stack] of running) await stack.stop();
  }
  return costs;
}

/** The least of all rounds, for what does not vary with the load of the machine. */
function least(costs: readonly Cost[], figure: keyof Cost): number {
  return spread(costs.map((cost) => cost[figure])).least;
}

/**
 * Overhead of one stack over that of another: the median of the rounds' ratios. What else runs on the machine makes
 * all stacks of a round slower alike, so a ratio within a round is steadier than one of the least times.
 */
function medianRatio(costs: Costs, stack: StackName, peer: StackName): number {
  const ratios = costs.bare.map((bare, round) =>
    overheadRatio(costs[stack][round]!.cpuNs, costs[peer][round]!.cpuNs, bare.cpuNs),
  );
  return median(ratios);
}

/** Figures of the bench from the costs of all stacks, each with the same number of rounds: pure. */
export function overheadFigures(costs: Costs): Findings<'service-overhead'>['figures'] {
  // Whole numbers, as testing.AllocsPerRun gives them: what is left are the scrape and background work.
  const allocations = perStack((name) => least(costs[name], 'allocations'));
  const above = (name: StackName) => Math.round(allocations[name] - allocations.bare);
  return {
    ratioSampledLog: medianRatio(costs, 'oursSampledLog', 'peerSampledLog'),
    ratioFullLog: medianRatio(costs, 'oursFullLog', 'peerFullLog'),
    ratioKeep: median(costs.oursKeep.map(({ cpuNs }, round) => cpuNs / costs.oursSampledLog[round]!.cpuNs)),
    allocsUnsampled: above('oursUnsampled'),
    allocsParent: above('oursParent'),
  };
}

function costTable(costs: Costs): Table {
  const bare = least(costs.bare, 'cpuNs');
  const rows = names.map((name) => {
    const cpu = spread(costs[name].map(({ cpuNs }) => cpuNs));
    const allocations = least(costs[name], 'allocations');
    const times = [cpu.least, cpu.median, cpu.most, cpu.least - bare].map((ns) => cell(Math.round(ns)));
    return [stacks[name].says, ...times, cell(allocations)];
  });
  return { head: ['CPU ns per request', 'least', 'median', 'most', 'above bare', 'allocations'], rows };
}

export const serviceOverhead: Bench<'service-overhead'> = {
  question: 'what observing a request costs above the bare handler, beside otelhttp + client_golang + zap',
  async run(deps) {
    const binaries = await buildAll(deps);
    const sink = await startSink();
    try {
      const costs = await measure(deps, binaries, sink);
      if (sink.batches() === 0)
        throw new Error('no span was exported: the stacks were not measured as they run');
      const notes = [
        'Ratios are (ours - bare) / (peer - bare), the median of the rounds; ratioKeep is with / without keep-on-failure.',
        'allocsUnsampled and allocsParent are allocations above the bare handler.',
        'Nine of ten requests read an order (200), one asks for one that is not there (404).',
      ];
      return { tables: [costTable(costs)], notes, figures: overheadFigures(costs) };
    } finally {
      sink.stop();
    }
  },
};
