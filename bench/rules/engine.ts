// A Prometheus without a clock (bench/peers/rules-engine) that holds one set of rules and the counters they read.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchDeps } from '../bench.ts';
import { converse } from '../processes.ts';
import { type Counter, stepSeconds } from './counters.ts';

/** Queryable samples of one rule, as the engine counts them, over all its evaluations. */
interface RuleCost {
  rule: string;
  samples: number;
}

/** What evaluating all groups took, each at its interval. */
export interface Cycles {
  samples: number;
  cpuSeconds: number;
  rules: readonly RuleCost[];
  /** Recorded values that were held against what `history` would have written, and the largest difference as a share. */
  compared: number;
  difference: number;
}

/** One engine. Times are Unix milliseconds, ends are exclusive. */
export interface RulesEngine {
  /** Writes what the rules would have recorded: all of them, or only what others read of the past. */
  history(span: { fromMs: number; toMs: number; all?: boolean }): Promise<unknown>;
  cycles(span: { fromMs: number; toMs: number }): Promise<Cycles>;
  /** The one value of an expression; undefined where it has none. */
  query(expr: string, atMs: number): Promise<number | undefined>;
  /** Samples of the series whose names match, and how many of them are not a number. */
  nans(names: string): Promise<{ samples: number; nans: number }>;
  stop(): Promise<void>;
}

/** The counters and where they begin. */
export interface Loaded {
  startMs: number;
  counters: readonly Counter[];
  /** Text of the rule file. */
  rules: string;
}

/** Largest difference between a recorded value and the same of a range query that is rounding. */
const rounding = 1e-9;

/** Starts the engine `binary` with `loaded` in a folder of its own. @throws Error with its last words when it fails */
export async function startEngine(
  binary: string,
  name: string,
  { startMs, counters, rules }: Loaded,
  deps: BenchDeps,
): Promise<RulesEngine> {
  const folder = join(deps.folder, name);
  mkdirSync(folder, { recursive: true });
  const [samples, ruleFile] = [join(folder, 'samples.f64'), join(folder, 'rules.yaml')];
  writeFileSync(samples, Buffer.concat(counters.map(({ values }) => new Uint8Array(values.buffer))));
  writeFileSync(ruleFile, rules);
  const { env, signal } = deps;
  const engine = await converse({ command: binary, args: [join(folder, 'database')], env, signal });
  const steps = counters[0]!.values.length;
  const series = counters.map(({ labels, offsetMs }) => ({ labels, offsetMs }));
  const load = { samples, steps, startMs, stepMs: stepSeconds * 1000, series, rules: ruleFile };
  await engine.ask({ load });
  return {
    history: (history) => engine.ask({ history }),
    cycles: async (cycles) => mustAgree((await engine.ask({ cycles })) as Cycles),
    query: async (expr, atMs) => {
      const text = (await engine.ask({ query: { expr, atMs } })) as string | null;
      return text === null ? undefined : Number(text);
    },
    nans: async (names) => (await engine.ask({ nans: { names } })) as { samples: number; nans: number },
    stop: engine.stop,
  };
}

function mustAgree(cycles: Cycles): Cycles {
  if (cycles.compared === 0 || !(cycles.difference <= rounding)) {
    throw new Error(
      `of ${cycles.compared} values that the groups recorded one is ${cycles.difference} away from the history's`,
    );
  }
  return cycles;
}
