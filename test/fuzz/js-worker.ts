// Fuzzes one property in a thread of its own, so that an input that never ends can be told and stopped from outside.
import { parentPort, workerData } from 'node:worker_threads';
import { randomFrom } from '../helpers/random.ts';
import type { FormatName } from './formats/properties.ts';
import { fuzz } from './fuzzer.ts';
import type { PropertyName } from './properties.ts';
import type { Bound, Property } from './target.ts';

/** The properties a thread can try: of our own code, and of the formats that the collector reads. */
export type FuzzedProperty = PropertyName | FormatName;

/** What the thread is started with. */
export type Work = {
  name: FuzzedProperty;
  bound: Bound;
  seed: number;
  /** Shared: the number of the input under way, and its length and bytes. */
  count: Int32Array;
  length: Int32Array;
  input: Uint8Array;
};

/** What the thread tells: an input that broke the property, or the end. */
export type Said = { broken: Uint8Array; why: string; kind: string } | { execs: number; interesting: number };

/** Only what the property needs is loaded: many threads are started one after the other. */
async function propertyOf(name: FuzzedProperty): Promise<Property> {
  const { formatProperties } = await import('./formats/properties.ts');
  if (name in formatProperties) return formatProperties[name as FormatName]();
  const { properties } = await import('./properties.ts');
  return properties[name as PropertyName]();
}

const { name, bound, seed, count, length, input }: Work = workerData;
const say = (said: Said) => parentPort!.postMessage(said);
const end = 'seconds' in bound ? performance.now() + bound.seconds * 1000 : Number.POSITIVE_INFINITY;
const most = 'execs' in bound ? bound.execs : Number.POSITIVE_INFINITY;

const interesting = await fuzz(await propertyOf(name), randomFrom(seed), {
  more: () => Atomics.load(count, 0) < most && performance.now() < end,
  begin: (bytes) => {
    input.set(bytes.subarray(0, input.length));
    Atomics.store(length, 0, Math.min(bytes.length, input.length));
    Atomics.add(count, 0, 1);
  },
  broken: (bytes, error) =>
    say({
      broken: bytes,
      why: error instanceof Error ? String(error.stack) : String(error),
      kind: error instanceof Error ? error.name : '',
    }),
});
say({ execs: Atomics.load(count, 0), interesting });
