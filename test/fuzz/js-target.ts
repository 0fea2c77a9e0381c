import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FuzzedProperty, Said, Work } from './js-worker.ts';
import type { PropertyName } from './properties.ts';
import type { Bound, FuzzDeps, Fuzzed, FuzzTarget } from './target.ts';

/** An input that takes longer never ends, as far as a user is concerned. */
const hangMs = 20_000;

/** Inputs that a thread tries on one property: as many as `bound` says, or for as long. */
export type Portion = { name: FuzzedProperty; bound: Bound; seed: number };

/** An input that broke its property, and how: by what class of error was thrown. */
export type Broken = { kind: 'crash' | 'accepted' | 'disagreement'; path: string };

/** The target that fuzzes one of our own properties. */
export function jsTarget(
  question: string,
  name: PropertyName,
  more: Pick<FuzzTarget, 'inputs' | 'defaultExecs'> = {},
): FuzzTarget {
  return { question, ...more, run: (bound, deps) => fuzzInThread({ name, bound, seed: deps.seed }, deps) };
}

/** Tries one portion in a thread of its own; `broken` is told each input that broke the property. */
export function fuzzInThread(
  { name, bound, seed }: Portion,
  { folder, tell, broken }: Pick<FuzzDeps, 'folder' | 'tell'> & { broken?: (input: Broken) => void },
): Promise<Fuzzed> {
  const shared = <T>(array: new (buffer: SharedArrayBuffer) => T, bytes: number) =>
    new array(new SharedArrayBuffer(bytes));
  const work: Work = {
    ...{ name, bound, seed },
    ...{ count: shared(Int32Array, 4), length: shared(Int32Array, 4), input: shared(Uint8Array, 1 << 20) },
  };
  const worker = new Worker(new URL('js-worker.ts', import.meta.url), { workerData: work });
  const crashes = new Set<string>();
  const keep = (input: Uint8Array): string => {
    const path = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 16));
    writeFileSync(path, input);
    return path;
  };
  return new Promise((resolve, reject) => {
    let before = 0;
    const watch = setInterval(() => {
      const now = Atomics.load(work.count, 0);
      tell(`fuzz: execs: ${now}, crashes: ${crashes.size}`);
      if (now > before) before = now;
      else if (now > 0) {
        const hang = keep(Uint8Array.from(work.input.subarray(0, Atomics.load(work.length, 0))));
        finish({ execs: now, interesting: 0, crashes: [...crashes], hangs: [hang] });
      }
    }, hangMs);
    const finish = (fuzzed: Fuzzed) => {
      clearInterval(watch);
      void worker.terminate();
      // The kernel counts in units of 1024 bytes.
      resolve({ ...fuzzed, rssMB: (process.resourceUsage().maxRSS * 1024) / 1e6 });
    };
    worker.on('error', (error) => {
      clearInterval(watch);
      reject(error);
    });
    worker.on('message', (said: Said) => {
      if ('broken' in said) {
        const path = keep(said.broken);
        crashes.add(path);
        writeFileSync(`${path}.why`, `${name}\n${said.why}\n`);
        tell(said.why);
        broken?.({ kind: kindOf(said.kind), path });
      } else finish({ ...said, crashes: [...crashes], hangs: [] });
    });
  });
}

function kindOf(error: string): Broken['kind'] {
  if (error === 'Accepted') return 'accepted';
  return error === 'Disagreement' ? 'disagreement' : 'crash';
}
