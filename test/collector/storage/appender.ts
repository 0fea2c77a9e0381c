/**
 * A process of its own that the crash test kills. Appends numbered spans from the stored checkpoint on, several
 * appends at a time, and prints the number of the last acknowledged one. With `seal` it seals all the while what it
 * has appended.
 */
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import { systemClock } from '../../../collector/telemetry/clock.ts';
import { spanBatch } from '../../helpers/telemetry.ts';

const AT_ONCE = 4;
const [path = '', how] = process.argv.slice(2);
const store = await openEmbeddedStore(
  { path, retentionMs: 1e9, maxBytes: 1e9, groupMs: 1 },
  { clock: systemClock },
);
if (how === 'seal') void sealOn();
let last = Number((await store.checkpoint('numbers')) ?? 0);
for (;;) {
  const numbers = Array.from({ length: AT_ONCE }, (_, n) => last + n + 1);
  await Promise.all(numbers.map(append));
  last += AT_ONCE;
  process.stdout.write(`${last}\n`);
}

async function append(number: number): Promise<void> {
  const hex = number.toString(16).padStart(16, '0');
  const span = {
    traceId: hex + hex,
    spanId: hex,
    name: 'n',
    service: 'shop',
    start: BigInt(number),
    duration: 1n,
  };
  const batch = spanBatch([span]);
  await store.append([{ ...batch, checkpoint: { source: 'numbers', position: String(number) } }]);
}

async function sealOn(): Promise<void> {
  await store.seal();
  setImmediate(() => void sealOn());
}
