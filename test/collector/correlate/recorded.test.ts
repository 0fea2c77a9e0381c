/** Faults of the demo and of emitted services as they were recorded (test/helpers/recorded-case.ts), watched as they came. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { batchesOfLine } from '../../../collector/commands/store/read-batches.ts';
import { createDetector } from '../../../collector/correlate/detector.ts';
import type { Incident } from '../../../collector/correlate/incident.ts';
import { newestIncidents } from '../../../collector/correlate/stored-incidents.ts';
import type { Batch } from '../../../collector/telemetry/batch.ts';
import { randomFrom } from '../../../slo/index.ts';
import { storeOf } from '../../helpers/scenario.ts';

const SECOND = 1_000_000_000n;
const LOOK_EVERY = 10n * SECOND;
const timeout = () => new AbortController().signal;

interface Recorded {
  name: string;
  /** When the fault began, and until when it was recorded. */
  fault: string;
  end: string;
  title: RegExp;
  evidence: { kind: string; says: RegExp };
}

const CASES: readonly Recorded[] = [
  {
    ...{ name: 'slow-cache', fault: '2026-11-27T14:08:47Z', end: '2026-11-27T14:09:50Z' },
    title: /^redis\.GET slow: shop runs out of connections/,
    evidence: { kind: 'pool', says: /^The redis pool is full/ },
  },
];

const nanos = (time: string) => BigInt(Date.parse(time)) * 1_000_000n;

function linesOf({ name }: Recorded): string[] {
  const file = join(import.meta.dirname, '../../recorded', `${name}.jsonl.gz`);
  return gunzipSync(readFileSync(file)).toString().trimEnd().split('\n');
}

const batchesOf = (lines: readonly string[]): Batch[] =>
  lines.flatMap((line) => batchesOfLine(Buffer.from(line)));

/** Looks every ten seconds from the fault to the end of the record; answers what stands then. */
async function watch(
  t: TestContext,
  { fault, end }: Recorded,
  batches: readonly Batch[],
): Promise<Incident[]> {
  const store = await storeOf(t, batches);
  let now = nanos(fault);
  const detector = createDetector(store, { clock: () => now, timeout });
  for (; now <= nanos(end); now += LOOK_EVERY) await detector.tick();
  return (await newestIncidents(store)).incidents;
}

for (const one of CASES) {
  const { name, title, evidence } = one;
  test(`${name}: one incident, which names the cause and has its evidence, whatever the order in which telemetry came`, async (t) => {
    const lines = linesOf(one);
    const random = randomFrom(7);
    const shuffled = lines.toSorted(() => random() - 0.5);
    // What was sent twice is there twice in the body of requests, once in what is counted.
    for (const batches of [batchesOf(lines), batchesOf([...shuffled, ...shuffled.slice(0, 20)])]) {
      const [incident, ...others] = await watch(t, one, batches);
      assert.match(incident?.title ?? '', title);
      assert.deepEqual(others, []);
      const found = incident!.findings.find(
        ({ kind, outcome }) => kind === evidence.kind && outcome === 'holds',
      );
      assert.match(found?.statement ?? '', evidence.says);
    }
  });
}
