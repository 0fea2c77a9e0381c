// How much memory does our collector take when nothing comes and while spans come as fast as it takes them, how many bytes
// does a span leave on disk, and how large is the image?
import { join } from 'node:path';
import { sleep } from '../demo/wait.ts';
import type { Bench, BenchDeps } from './bench.ts';
import { mustHold } from './collector/both.ts';
import { imageSize } from './collector/image.ts';
import { buildLoad, prepareLoad } from './collector/load.ts';
import { buildOurs, type Ours, startOurs, storedIn } from './collector/ours.ts';
import { residentMB } from './collector/process-cost.ts';
import { allKept } from './collector/round.ts';
import { cell, type Table } from './report.ts';

const records = 512;
/** 50 million spans. */
const defaultRequests = 97_657;
/** Timers of all kinds have come round, and V8 has given back what starting took. */
const idleMs = 60_000;
const sampleMs = 1000;
/** Larger than what comes, so that nothing is evicted while it is counted. */
const maxSize = '100GB';

/** As the image sets it. */
const env = { MALLOC_ARENA_MAX: '1' };

/** Memory of the process over the spans that it had taken in. */
interface Sample {
  spans: number;
  residentMB: number;
}

async function watch(ours: Ours, requests: number, sender: string, deps: BenchDeps): Promise<Sample[]> {
  const prepared = await prepareLoad(sender, ours.otlp, { records, requests }, deps);
  const samples: Sample[] = [];
  let sending = true;
  const sent = prepared.send().finally(() => {
    sending = false;
  });
  while (sending) {
    await Promise.race([sent, sleep(sampleMs), ours.died]);
    samples.push({ spans: await ours.kept('traces'), residentMB: residentMB(ours.pid, 'VmRSS') });
  }
  const { byStatus } = await sent;
  if (byStatus['200'] !== requests)
    throw new Error(`requests were refused: ${JSON.stringify(byStatus)} by status`);
  await prepared.stop();
  await allKept(ours, 'traces', requests * records);
  return samples;
}

/** The most memory in each tenth of the spans: pure. */
export function tenths(samples: readonly Sample[]): Sample[] {
  const all = samples.at(-1)?.spans ?? 0;
  return Array.from({ length: 10 }, (_, tenth) => {
    const spans = (all * (tenth + 1)) / 10;
    const within = samples.filter((s) => s.spans > (all * tenth) / 10 && s.spans <= spans);
    return { spans, residentMB: Math.max(...within.map((s) => s.residentMB)) };
  }).filter((sample) => Number.isFinite(sample.residentMB));
}

function memoryTable(idleMB: number, samples: readonly Sample[], peakMB: number): Table {
  return {
    head: ['spans taken in', 'RSS MB, at the most'],
    rows: [
      ['none', cell(idleMB)],
      ...tenths(samples).map(({ spans, residentMB: most }) => [`to ${cell(Math.round(spans))}`, cell(most)]),
      ['at any moment', cell(peakMB)],
    ],
  };
}

async function memory(built: string, deps: BenchDeps) {
  const requests = deps.settings.requests ?? defaultRequests;
  const sender = await buildLoad(deps);
  const ours = await startOurs(
    built,
    join(deps.folder, 'footprint'),
    { config: { store: { maxSize } }, env },
    deps,
  );
  try {
    deps.tell(`idle for ${idleMs / 1000} s`);
    await Promise.race([sleep(idleMs), ours.died]);
    const idleMB = residentMB(ours.pid, 'VmRSS');
    deps.tell(`${requests} requests of ${records} spans`);
    const samples = await watch(ours, requests, sender, deps);
    return {
      idleMB,
      samples,
      loadedMB: residentMB(ours.pid, 'VmHWM'),
      store: ours.store,
      spans: requests * records,
    };
  } finally {
    await ours.stop();
  }
}

export const footprint: Bench<'footprint'> = {
  question: 'how much memory, disk and image our collector takes',
  async run(deps) {
    const built = await buildOurs(deps);
    const { idleMB, samples, loadedMB, store, spans } = await memory(built, deps);
    mustHold(store, 'traces', spans);
    const { usedBytes, sealed } = storedIn(store, 'traces');
    const image = await imageSize(built, deps);
    const notes = [
      `The default configuration, but for store.maxSize: ${maxSize}, so that no span is evicted; MALLOC_ARENA_MAX=1, as in the image.`,
      `bytesPerSpan is of the file when the last span was acknowledged; ${cell((sealed / spans) * 100)} % of the spans were sealed by then.`,
      'loadedMB is the most that the kernel saw (VmHWM), between two samples too.',
      image.note,
    ];
    const figures = {
      idleMB,
      loadedMB,
      bytesPerSpan: usedBytes / spans,
      imageMB: image.megabytes,
      imageGzipMB: image.gzipMB,
    };
    return { tables: [memoryTable(idleMB, samples, loadedMB)], notes, figures };
  },
};
