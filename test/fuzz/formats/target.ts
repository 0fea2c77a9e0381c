// All formats in turn, in portions that both cores share; a portion depends on its number and the seed alone.
import { availableParallelism } from 'node:os';
import { type Broken, fuzzInThread, type Portion } from '../js-target.ts';
import type { Bound, FuzzDeps, Fuzzed, FuzzTarget } from '../target.ts';
import type { FormatName } from './properties.ts';
import { formatProperties } from './properties.ts';

const NAMES = (Object.keys(formatProperties) as FormatName[]).filter((name) => name !== 'short');
/** So few inputs are not worth a thread for each format. */
const SHORT = 10_000;
const PORTION = 50_000;
/** Threads that read bodies; more than there are cores would only wait for each other. */
const THREADS = Math.max(1, Math.min(2, availableParallelism()));
const TELL_EVERY = 5;

/** Portions of one run: each of one format, beginning with the one that `from` names. */
function* portions(bound: Bound, { seed, from = 0 }: Pick<FuzzDeps, 'seed' | 'from'>): Generator<Portion> {
  const end = 'seconds' in bound ? performance.now() + bound.seconds * 1000 : Number.POSITIVE_INFINITY;
  let left = ('execs' in bound ? bound.execs : Number.POSITIVE_INFINITY) - from * PORTION;
  if (left <= SHORT) {
    yield { name: 'short', bound: { execs: left }, seed };
    return;
  }
  const size = 'execs' in bound ? Math.min(PORTION, Math.ceil(bound.execs / NAMES.length)) : PORTION;
  for (let number = from; left > 0 && performance.now() < end; number++) {
    const execs = Math.min(size, left);
    left -= execs;
    const name = NAMES[number % NAMES.length]!;
    yield { name, bound: { execs }, seed: seed + number * 7919 };
  }
}

async function run(bound: Bound, deps: FuzzDeps): Promise<Fuzzed> {
  const found = { execs: 0, interesting: 0, crashes: [] as string[], hangs: [] as string[], rssMB: 0 };
  const wrong: Record<Broken['kind'], number> = { crash: 0, accepted: 0, disagreement: 0 };
  const queue = portions(bound, deps);
  const started = performance.now();
  let number = deps.from ?? 0;
  const work = async () => {
    for (const portion of queue) {
      const broken = ({ kind }: Broken) => void wrong[kind]++;
      const part = await fuzzInThread(portion, { ...deps, tell: () => {}, broken });
      found.execs += part.execs;
      found.interesting += part.interesting;
      found.crashes.push(...part.crashes);
      found.hangs.push(...part.hangs);
      found.rssMB = Math.max(found.rssMB, part.rssMB ?? 0);
      for (const path of part.crashes) deps.tell(`${portion.name}: ${path}`);
      if (++number % TELL_EVERY !== 0) continue;
      const perSecond = Math.round(found.execs / ((performance.now() - started) / 1000));
      deps.tell(
        `${found.execs} bodies, ${perSecond} a second, ${JSON.stringify(wrong)}; go on with --from ${number}`,
      );
    }
  };
  await Promise.all(Array.from({ length: THREADS }, work));
  const figures = { crashes: wrong.crash, accepted: wrong.accepted, disagreements: wrong.disagreement };
  return { ...found, figures };
}

/** Bodies of every format that a receiver reads, against protobufjs, JSON.parse and readings by regular expressions. */
export const formatsTarget: FuzzTarget = {
  question:
    'every format that is received, against protobufjs and JSON.parse: no crash, nothing cut off is taken',
  inputs: 'bodies',
  defaultExecs: 5_000_000,
  run,
};
