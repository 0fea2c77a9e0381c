/** Faults of the demo and of emitted services as they were recorded (test/helpers/recorded-case.ts), watched as they came. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
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
  /** The service whose incident must name it. */
  service: string;
  title: RegExp;
  evidence: { kind: string; says: RegExp };
}

const CASES: readonly Recorded[] = [
  {
    name: 'slow-cache',
    service: 'shop',
    fault: '2026-11-27T14:08:47Z',
    end: '2026-11-27T14:09:50Z',
    title: /^redis\.GET slow: shop runs out of connections/,
    evidence: { kind: 'pool', says: /^The redis pool is full/ },
  },
  {
    name: 'dropped-connections',
    service: 'shipping',
    fault: '2026-11-27T15:00:06Z',
    end: '2026-11-27T15:01:10Z',
    title: /^postgresql\.SELECT products (slow|failing):/,
    evidence: { kind: 'logs', says: /postgres attempt failed/ },
  },
  {
    name: 'downstream-5xx',
    service: 'shop',
    fault: '2026-11-27T15:09:46Z',
    end: '2026-11-27T15:10:50Z',
    title: /^GET \/quotes\/\{zip\} (slow|failing):|in its own code/,
    evidence: { kind: 'logs', says: /the table of zones cannot be read/ },
  },
  {
    name: 'bad-deploy',
    service: 'shipping',
    fault: '2026-11-27T15:05:06Z',
    end: '2026-11-27T15:06:10Z',
    title: /, since shipping 1\.5\.0$/,
    evidence: { kind: 'alternatives', says: /^New release: shipping 1\.5\.0 is new/ },
  },
];

const nanos = (time: string) => BigInt(Date.parse(time)) * 1_000_000n;

function linesOf({ name }: Recorded): string[] {
  const file = join(import.meta.dirname, '../../recorded', `${name}.jsonl.zst`);
  return zstdDecompressSync(readFileSync(file)).toString().trimEnd().split('\n');
}

const batchesOf = (lines: readonly string[]): Batch[] =>
  lines.flatMap((line) => batchesOfLine(Buffer.from(line)));

/** Looks every ten seconds from `from` to the end of the record; answers the incidents as they stand then. */
async function watch(
  t: TestContext,
  end: bigint,
  from: bigint,
  batches: readonly Batch[],
): Promise<Incident[]> {
  const store = await storeOf(t, batches);
  let now = from;
  const detector = createDetector(store, { clock: () => now, timeout });
  for (; now <= end; now += LOOK_EVERY) await detector.tick();
  return (await newestIncidents(store)).incidents;
}

function judge({ service, title, evidence }: Recorded, incidents: readonly Incident[]): void {
  const services = incidents.map((incident) => incident.service);
  assert.equal(new Set(services).size, services.length, 'one incident a service');
  const incident = incidents.find((one) => one.service === service);
  assert.match(incident?.title ?? '', title);
  const found = incident!.findings.filter(({ kind }) => kind === evidence.kind);
  assert.match(found.map(({ statement }) => statement).join('\n'), evidence.says);
}

for (const one of CASES) {
  const [from, end] = [nanos(one.fault), nanos(one.end)];
  test(`${one.name}, watched as it came: one incident a service, which names the cause and has its evidence`, async (t) => {
    judge(one, await watch(t, end, from, batchesOf(linesOf(one))));
  });
}

for (const one of CASES.slice(0, 2)) {
  const end = nanos(one.end);
  test(`${one.name}, in another order and in part twice: the same is seen`, async (t) => {
    const random = randomFrom(7);
    const shuffled = linesOf(one).toSorted(() => random() - 0.5);
    const traces = shuffled.filter((line) => line.startsWith('{"resourceSpans"'));
    judge(one, await watch(t, end, end, batchesOf([...shuffled, ...traces.slice(0, 20)])));
  });
}

const [slowCache] = CASES;
for (const [kind, missing] of [
  ['logs', 'resourceLogs'],
  ['metrics', 'resourceMetrics'],
] as const) {
  test(`slow-cache without ${kind}: the cause is the same, and what was not there is told`, async (t) => {
    const lines = linesOf(slowCache!).filter((line) => !line.startsWith(`{"${missing}"`));
    const [incident] = await watch(t, nanos(slowCache!.end), nanos(slowCache!.end), batchesOf(lines));
    assert.match(incident?.title ?? '', /^redis\.GET slow:/);
    const ranked = incident?.findings.find((found) => found.kind === 'suspects');
    assert.match(ranked?.statement ?? '', /redis\.GET takes/, 'a call is named as everywhere else');
    assert.match(
      `${incident?.unknown} ${incident?.lacked?.join(' ')}`,
      kind === 'logs' ? /No log lines/ : /pool/,
    );
  });
}
