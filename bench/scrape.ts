// What does scraping 10,000 series with exemplars cost, and is the parser as fast as Prometheus's own?
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sleep } from '../demo/wait.ts';
import type { Bench, BenchDeps } from './bench.ts';
import { buildOurs, startOurs, storedIn } from './collector/ours.ts';
import { cpuSeconds, residentMB } from './collector/process-cost.ts';
import { cell } from './report.ts';
import { expositions } from './scrape/exposition.ts';
import { measureParsers, speedRatio } from './scrape/parsers.ts';
import { spread } from './statistics.ts';

const series = 10_000;
const intervalSeconds = 15;
/** Expositions that take turns, so that values and exemplars change from scrape to scrape. */
const distinct = 8;
/** Scrapes before the measurement: a process that runs for days is warm. */
const warmScrapes = 4;
const measuredScrapes = 12;
const defaultRounds = 7;
/** Samples that the scraper adds to every scrape: up and its kin. */
const ownSamples = 5;

interface Scraped {
  corePercent: number;
  cpuMsOfScrape: number;
  scrapes: number;
  residentMB: number;
  bytesOfSample: number;
}

/** A target that answers one exposition after the other, packed as client libraries pack them. */
async function serve(texts: readonly string[], signal: AbortSignal) {
  const packed = texts.map((text) => gzipSync(text));
  let answered = 0;
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    response.setHeader('Content-Encoding', 'gzip');
    response.end(packed[answered++ % packed.length]);
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', signal }, resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    answered: () => answered,
    stop: () => server.close(),
  };
}

async function scrapeFor(texts: readonly string[], deps: BenchDeps): Promise<Scraped> {
  const scrapes = deps.settings.requests ?? measuredScrapes;
  const built = await buildOurs(deps);
  const target = await serve(texts, deps.signal);
  const scrape = [{ job: 'shop', targets: [target.address], interval: `${intervalSeconds}s` }];
  const ours = await startOurs(
    built,
    join(deps.folder, 'scrape'),
    { config: { receivers: { scrape } } },
    deps,
  );
  const wait = (count: number) => Promise.race([sleep(count * intervalSeconds * 1000), ours.died]);
  try {
    deps.tell(`${warmScrapes} scrapes to warm up, then ${scrapes}, ${intervalSeconds} s apart`);
    // Half an interval more, so that a scrape is never cut in two by the measurement's ends.
    await wait(warmScrapes - 0.5);
    const before = { cpu: cpuSeconds(ours.pid), answered: target.answered(), ms: performance.now() };
    await wait(scrapes);
    const cpu = cpuSeconds(ours.pid) - before.cpu;
    const seconds = (performance.now() - before.ms) / 1000;
    const count = target.answered() - before.answered;
    const memory = residentMB(ours.pid, 'VmRSS');
    await ours.stop();
    const { records, usedBytes } = storedIn(ours.store, 'metrics');
    const expected = target.answered() * (texts[0]!.match(/^[^#\n]/gm)!.length + ownSamples);
    if (records !== expected) throw new Error(`the store holds ${records} samples, ${expected} were scraped`);
    return {
      corePercent: (cpu / seconds) * 100,
      cpuMsOfScrape: (cpu * 1000) / count,
      scrapes: count,
      residentMB: memory,
      bytesOfSample: usedBytes / records,
    };
  } finally {
    target.stop();
    await ours.stop();
  }
}

function row(name: string, speeds: readonly number[]): string[] {
  const { least, median, most } = spread(speeds);
  return [name, ...[median, least, most].map(cell)];
}

export const scrape: Bench<'scrape'> = {
  question: 'what does scraping 10,000 series with exemplars cost, and how fast is the parser?',
  async run(deps) {
    const texts = expositions({ series, startSeconds: 1_700_000_000 }, distinct);
    const speeds = await measureParsers(texts, deps.settings.rounds ?? defaultRounds, deps);
    const scraped = await scrapeFor(texts, deps);
    const cost = [
      ['CPU, % of a core', cell(scraped.corePercent)],
      ['CPU of all that runs, ms a scrape', cell(scraped.cpuMsOfScrape)],
      ['scrapes measured', cell(scraped.scrapes)],
      ['RSS, MB', cell(scraped.residentMB)],
      ['store, bytes a sample with its exemplar', cell(scraped.bytesOfSample)],
    ];
    return {
      tables: [
        {
          head: ['parser, MB/s of a core', 'median', 'least', 'most'],
          rows: [
            row('ours, series known', speeds.known),
            row('ours, first scrape of a target', speeds.first),
            row("Prometheus's textparse, labels built", speeds.peer),
          ],
        },
        { head: ['collector', ''], rows: cost },
      ],
      notes: [
        `An exposition has ${cell(texts[0]!.length / 1e6)} MB; every bucket has an exemplar, four of five of them new with each scrape.`,
        `Scraped in real time, ${intervalSeconds} s apart; what the collector does beside it, such as looking for incidents, is counted.`,
      ],
      figures: {
        corePercent: scraped.corePercent,
        parserRatio: speedRatio(speeds.known, speeds.peer),
      },
    };
  },
};
