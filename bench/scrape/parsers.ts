// Our parser beside Prometheus's own, by turns over the same files.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchDeps } from '../bench.ts';
import { type Conversation, converse } from '../processes.ts';
import { buildPeer } from '../service.ts';
import { median } from '../statistics.ts';

export interface ParserQuestion {
  paths: readonly string[];
  passes: number;
  /** Of our parser alone. */
  known: boolean;
}

export interface ParserAnswer {
  cpuSeconds: number;
  bytes: number;
  samples: number;
  exemplars: number;
}

/** MB (10^6 bytes) a second of one core, by round. */
export interface ParserSpeeds {
  known: number[];
  first: number[];
  peer: number[];
}

const passes = 10;

/** Measures `rounds` rounds after one that warms both sides up. @throws Error when the two do not read the same samples */
export async function measureParsers(
  texts: readonly string[],
  rounds: number,
  deps: BenchDeps,
): Promise<ParserSpeeds> {
  const paths = texts.map((text, at) => {
    const path = join(deps.folder, `exposition-${at}.txt`);
    writeFileSync(path, text);
    return path;
  });
  const binary = join(deps.folder, 'textparse');
  deps.tell("building Prometheus's parser");
  await buildPeer('textparse', binary, deps);
  const { env, signal } = deps;
  const script = join(import.meta.dirname, 'parser.ts');
  const ours = await converse({ command: process.execPath, args: [script], env, signal });
  const peer = await converse({ command: binary, args: [], env, signal });
  const speeds: ParserSpeeds = { known: [], first: [], peer: [] };
  for (let round = 0; round <= rounds; round++) {
    deps.tell(`parsers, round ${round} of ${rounds}`);
    const known = await ask(ours, { paths, passes, known: true });
    const other = await ask(peer, { paths, passes, known: true });
    const first = await ask(ours, { paths, passes: 1, known: false });
    if (known.samples !== other.samples)
      throw new Error(`we read ${known.samples} samples, Prometheus ${other.samples}`);
    if (round === 0) continue;
    for (const [name, answer] of [
      ['known', known],
      ['first', first],
      ['peer', other],
    ] as const)
      speeds[name].push(answer.bytes / 1e6 / answer.cpuSeconds);
  }
  await Promise.all([ours.stop(), peer.stop()]);
  return speeds;
}

/** The median of the rounds' ratios: what else the machine does slows both sides of a round. */
export function speedRatio(ours: readonly number[], peer: readonly number[]): number {
  return median(ours.map((speed, round) => speed / peer[round]!));
}

async function ask(parser: Conversation, question: ParserQuestion): Promise<ParserAnswer> {
  return (await parser.ask(question)) as ParserAnswer;
}
