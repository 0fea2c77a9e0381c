// Fuzzes one property in a thread of its own, so that an input that never ends can be told and stopped from outside.
import { parentPort, workerData } from 'node:worker_threads';
import { randomFrom } from '../helpers/random.ts';
import { fuzz } from './fuzzer.ts';
import { type PropertyName, properties } from './properties.ts';
import type { Bound } from './target.ts';

/** What the thread is started with. */
export type Work = {
  name: PropertyName;
  bound: Bound;
  seed: number;
  /** Shared: the number of the input under way, and its length and bytes. */
  count: Int32Array;
  length: Int32Array;
  input: Uint8Array;
};

/** What the thread tells: an input that broke the property, or the end. */
export type Said = { broken: Uint8Array; why: string } | { execs: number; interesting: number };

const { name, bound, seed, count, length, input }: Work = workerData;
const say = (said: Said) => parentPort!.postMessage(said);
const end = 'seconds' in bound ? performance.now() + bound.seconds * 1000 : Number.POSITIVE_INFINITY;
const most = 'execs' in bound ? bound.execs : Number.POSITIVE_INFINITY;

const interesting = await fuzz(properties[name](), randomFrom(seed), {
  more: () => Atomics.load(count, 0) < most && performance.now() < end,
  begin: (bytes) => {
    input.set(bytes.subarray(0, input.length));
    Atomics.store(length, 0, Math.min(bytes.length, input.length));
    Atomics.add(count, 0, 1);
  },
  broken: (bytes, error) =>
    say({ broken: bytes, why: error instanceof Error ? String(error.stack) : String(error) }),
});
say({ execs: Atomics.load(count, 0), interesting });
