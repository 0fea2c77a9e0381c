// One round of a load against a subject, and what it cost the subject's process.
import { until } from '../../demo/wait.ts';
import type { BenchDeps } from '../bench.ts';
import { median } from '../statistics.ts';
import { type Load, type LoadResult, prepareLoad } from './load.ts';
import { cpuSeconds } from './process-cost.ts';
import type { Subject } from './subject.ts';

const keptWithinMs = 60_000;

/** What a round gave. */
export interface Round {
  /** CPU microseconds of the subject's whole process for each record. */
  cpuUs: number;
  recordsASecond: number;
  /** Of the answers; NaN where nobody waits for one. */
  p99Ms: number;
}

/**
 * Sends a load and waits until the subject has kept all of it, and until `settled`, whose work counts too.
 * @throws Error when a request was refused, or when a record that was acknowledged is not kept
 */
export async function measureRound(
  sender: string,
  subject: Subject,
  load: Load,
  deps: BenchDeps,
  settled: () => Promise<void> = async () => {},
): Promise<Round> {
  const signal = load.signal ?? 'traces';
  const before = await subject.kept(signal);
  const prepared = await prepareLoad(sender, subject.otlp, load, deps);
  const cpuBefore = cpuSeconds(subject.pid);
  const result = await Promise.race([prepared.send(), subject.died]);
  await allKept(subject, signal, before + acknowledged(subject, result));
  await settled();
  const cpu = cpuSeconds(subject.pid) - cpuBefore;
  await prepared.stop();
  return {
    cpuUs: (cpu / result.records) * 1e6,
    recordsASecond: result.recordsASecond,
    p99Ms: result.p99Ms,
  };
}

function acknowledged(subject: Subject, { byStatus, records }: LoadResult): number {
  const others = Object.keys(byStatus).filter((status) => status !== '200');
  if (others.length > 0)
    throw new Error(`${subject.name} refused requests: ${JSON.stringify(byStatus)} by status`);
  return records;
}

/** Waits until exactly `wanted` records of a signal are kept. */
export async function allKept(
  subject: Subject,
  signal: 'traces' | 'logs',
  wanted: number,
  withinMs = keptWithinMs,
): Promise<void> {
  let kept = 0;
  const there = async () => {
    kept = await subject.kept(signal);
    return kept >= wanted ? true : undefined;
  };
  await until(`${wanted} records of ${signal} in ${subject.name}`, withinMs, there).catch(
    (error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : error}: it kept ${kept}`);
    },
  );
  if (kept > wanted)
    throw new Error(`${subject.name} kept ${kept} records of ${signal}, ${wanted} were sent`);
}

/** Rounds of two subjects that took turns. */
export interface Turns {
  ours: Round[];
  peer: Round[];
}

/**
 * Both get the same load in turn, so that a busy moment of the machine meets both, and each goes first in every other
 * round; the first round warms up.
 */
export async function takeTurns(
  rounds: number,
  measure: (who: 'ours' | 'peer') => Promise<Round>,
): Promise<Turns> {
  const turns: Turns = { ours: [], peer: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const who of round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const)) {
      const measured = await measure(who);
      if (round > 0) turns[who].push(measured);
    }
  }
  return turns;
}

/** CPU of ours / the peer's, the median of the rounds: pure. A ratio within a round is steadier than one of medians. */
export function cpuRatio({ ours, peer }: Turns): number {
  return median(ours.map(({ cpuUs }, round) => cpuUs / peer[round]!.cpuUs));
}

/** Median of one figure of the rounds: pure. */
export function medianOf(rounds: readonly Round[], figure: keyof Round): number {
  return median(rounds.map((round) => round[figure]));
}
