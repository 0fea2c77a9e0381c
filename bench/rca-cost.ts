// How long does an explanation take over a million spans and half a million log lines, how much memory does the collector
// take for it, and is anything lost of what comes in meanwhile?
import { join } from 'node:path';
import type { ExplainBody } from '../collector/api/types.ts';
import { sleep } from '../demo/wait.ts';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { buildLoad, prepareLoad } from './collector/load.ts';
import { buildOurs, type Ours, startOurs } from './collector/ours.ts';
import { cpuSeconds, residentMB } from './collector/process-cost.ts';
import { allKept } from './collector/round.ts';
import { faultyService, onsetOf, systemPortions } from './rca/system.ts';
import { cell } from './report.ts';
import { median } from './statistics.ts';

const defaultSpans = 1_000_000;
const rounds = 3;
const sampleMs = 20;
/** Spans a second that come in meanwhile, and in one request. */
const rate = 5000;
const records = 512;
/** Sent while it is explained: more than that takes. */
const meanwhile = 600;
const config = { incidents: { enabled: false }, store: { maxSize: '20GB' } };
const env = { MALLOC_ARENA_MAX: '1' };

async function post(ours: Ours, signal: string, body: object): Promise<void> {
  const response = await fetch(`http://${ours.otlp}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(`${signal} were refused with ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

async function fill(
  built: string,
  spans: number,
  end: bigint,
  deps: BenchDeps,
): Promise<{ spans: number; lines: number }> {
  const ours = await startOurs(built, join(deps.folder, 'cost'), { config, env }, deps);
  const sent = { spans: 0, lines: 0 };
  for (const portion of systemPortions(spans, end)) {
    await Promise.all([post(ours, 'traces', portion.traces), post(ours, 'logs', portion.logs)]);
    sent.spans += portion.spans;
    sent.lines += portion.lines;
  }
  await allKept(ours, 'traces', sent.spans);
  await allKept(ours, 'logs', sent.lines);
  await ours.stop();
  return sent;
}

interface Explained {
  seconds: number;
  cpu: number;
  first: string;
  tier: string;
}

async function explain(ours: Ours, end: bigint): Promise<Explained> {
  const began = performance.now();
  const cpu = cpuSeconds(ours.pid);
  const query = new URLSearchParams({ at: String(onsetOf(end)), to: String(end) });
  const response = await fetch(`${ours.api}/api/v1/explain?${query}`);
  if (!response.ok) throw new Error(`explain was refused with ${response.status}: ${await response.text()}`);
  const { incident } = (await response.json()) as ExplainBody;
  return {
    seconds: (performance.now() - began) / 1000,
    cpu: cpuSeconds(ours.pid) - cpu,
    first: incident.suspects?.[0]?.service ?? '',
    tier: incident.confidence.tier,
  };
}

async function run(deps: BenchDeps): Promise<Findings<'rca-cost'>> {
  const built = await buildOurs(deps);
  const sender = await buildLoad(deps);
  const end = BigInt(Date.now()) * 1_000_000n;
  deps.tell('filling the store');
  const sent = await fill(built, deps.settings.requests ?? defaultSpans, end, deps);
  const ours = await startOurs(built, join(deps.folder, 'cost'), { config, env }, deps);
  const idleMB = residentMB(ours.pid, 'VmRSS');
  const before = await ours.kept('traces');
  const load = await prepareLoad(sender, ours.otlp, { records, requests: meanwhile, rate }, deps);
  const ingest = load.send();
  await Promise.race([sleep(2000), ours.died]);
  deps.tell('explaining, while spans come in');
  const explained: Explained[] = [];
  let mostMB = 0;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      mostMB = Math.max(mostMB, residentMB(ours.pid, 'VmRSS'));
      await sleep(sampleMs);
    }
  })();
  for (let round = 0; round < (deps.settings.rounds ?? rounds); round++)
    explained.push(await Promise.race([explain(ours, end), ours.died]));
  isOver = true;
  await watch;
  const { records: acknowledged, byStatus } = await ingest;
  await load.stop();
  await allKept(ours, 'traces', before + acknowledged);
  const lost = before + acknowledged - (await ours.kept('traces'));
  await ours.stop();
  const wrong = explained.filter(({ first }) => first !== faultyService);
  if (wrong.length > 0) throw new Error(`${wrong[0]!.first} was named, the fault is in ${faultyService}`);
  return {
    tables: [
      {
        head: [
          'explanation',
          'seconds',
          'CPU seconds of the collector, ingest included',
          'first suspect',
          'tier',
        ],
        rows: explained.map((one, i) => [
          String(i + 1),
          cell(one.seconds),
          cell(one.cpu),
          one.first,
          one.tier,
        ]),
      },
    ],
    notes: [
      `${sent.spans} spans and ${sent.lines} log lines of ten services in half an hour; the fault is in its last 150 s.`,
      `Meanwhile ${acknowledged} spans came in at ${rate} a second; answers by status: ${JSON.stringify(byStatus)}.`,
      `RSS when nothing happens: ${cell(idleMB)} MB; the most while explaining is rssMB, sampled every ${sampleMs} ms.`,
    ],
    figures: { seconds: median(explained.map(({ seconds }) => seconds)), rssMB: mostMB, lostSpans: lost },
  };
}

export const rcaCost: Bench<'rca-cost'> = {
  question: 'what an explanation over a million spans costs, and whether ingest loses anything by it',
  run,
};
