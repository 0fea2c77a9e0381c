// What does a log record cost to take in and to have on disk, beside the OpenTelemetry Collector: by OTLP, and as a line
// of JSON from a file, of which both make the top-level fields into attributes.
import { renameSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { type Binaries, type Both, buildAll, mustHold, withBoth } from './collector/both.ts';
import { chosenCases } from './collector/cases.ts';
import { costTable } from './collector/cost-table.ts';
import { writeLines } from './collector/load.ts';
import { withoutSealing } from './collector/ours.ts';
import { cpuSeconds } from './collector/process-cost.ts';
import { allKept, cpuRatio, measureRound, type Round, type Turns, takeTurns } from './collector/round.ts';

const defaultRounds = 5;
const otlp = { signal: 'logs', records: 512, requests: 600 } as const;
/** Lines of a file and round. One service may send a million at once by default, and 100,000 more every second. */
const linesOfARound = 400_000;
/** A file takes the place of `requests`: each of them stands for so many lines. */
const linesARequest = 512;

const names = ['otlp', 'file'] as const;
type Case = (typeof names)[number];

/** Rounds by case, of the cases that were measured. */
export type Measured = ReadonlyMap<Case, Turns>;

async function measureOtlp(binaries: Binaries, deps: BenchDeps): Promise<Turns> {
  const { rounds = defaultRounds, requests = otlp.requests } = deps.settings;
  const load = { ...otlp, requests };
  deps.tell(`otlp: ${rounds} rounds and one to warm up, ${requests} requests of ${load.records} records`);
  let store = '';
  const turns = await withBoth(binaries, 'otlp', { ours: { config: withoutSealing } }, deps, (both) => {
    store = both.ours.store;
    return takeTurns(rounds, (who) => measureRound(binaries.sender, both[who], load, deps));
  });
  mustHold(store, 'logs', (rounds + 1) * requests * load.records);
  return turns;
}

/** Both watch a folder of their own, into which the same file is moved. */
async function measureFile(binaries: Binaries, deps: BenchDeps): Promise<Turns> {
  const { rounds = defaultRounds, requests } = deps.settings;
  const count = requests === undefined ? linesOfARound : requests * linesARequest;
  deps.tell(`file: ${rounds} rounds and one to warm up, ${count} lines`);
  const folders = { ours: join(deps.folder, 'lines-ours'), peer: join(deps.folder, 'lines-peer') };
  await Promise.all(Object.values(folders).map((folder) => mkdir(folder)));
  const glob = (who: 'ours' | 'peer') => join(folders[who], '*.log');
  const logFiles = [{ include: [glob('ours')], resource: { 'service.name': 'shop' } }];
  const options = {
    ours: { config: { ...withoutSealing, receivers: { logFiles } } },
    peer: { logFiles: glob('peer') },
  };
  let store = '';
  let round = 0;
  const turns = await withBoth(binaries, 'file', options, deps, (both) => {
    store = both.ours.store;
    return takeTurns(rounds, async (who) => {
      round += 1;
      const made = join(deps.folder, 'made.log');
      await writeLines(binaries.sender, made, count, deps);
      return readFile(both, who, made, join(folders[who], `${round}.log`), count);
    });
  });
  mustHold(store, 'logs', (rounds + 1) * count);
  return turns;
}

/** CPU from the moment a whole file appears until all of its lines are kept. */
async function readFile(
  both: Both,
  who: 'ours' | 'peer',
  made: string,
  path: string,
  count: number,
): Promise<Round> {
  const subject = both[who];
  const before = await subject.kept('logs');
  const cpuBefore = cpuSeconds(subject.pid);
  const began = performance.now();
  renameSync(made, path);
  await Promise.race([allKept(subject, 'logs', before + count), subject.died]);
  const seconds = (performance.now() - began) / 1000;
  const cpuUs = ((cpuSeconds(subject.pid) - cpuBefore) / count) * 1e6;
  rmSync(path);
  return { cpuUs, recordsASecond: count / seconds, p99Ms: Number.NaN };
}

/** Figures from the rounds; null for a case that was left out: pure. */
export function logFigures(measured: Measured): Findings<'ingest-logs'>['figures'] {
  const ratio = (name: Case) => {
    const turns = measured.get(name);
    return turns === undefined ? null : cpuRatio(turns);
  };
  return { ratioOtlp: ratio('otlp'), ratioFile: ratio('file') };
}

export const ingestLogs: Bench<'ingest-logs'> = {
  question: 'what a log record costs to take in and to have on disk, by OTLP and from a file',
  async run(deps) {
    const chosen = chosenCases(names, deps.settings.case);
    const binaries = await buildAll(deps);
    const measured = new Map<Case, Turns>();
    for (const name of chosen)
      measured.set(name, await (name === 'otlp' ? measureOtlp : measureFile)(binaries, deps));
    const notes = [
      'Ours runs with its default configuration, but without sealing, which `seal` measures for spans.',
      'Every record was counted by the status of ours and, when it had stopped, in its file.',
      'file: a whole file appears in a folder that is watched; lines/s holds the time until it is noticed.',
      "file: the Collector's json_parser makes attributes of all fields and reads time, severity and ids, as ours does.",
    ];
    return { tables: [costTable('log records', 'record', measured)], notes, figures: logFigures(measured) };
  },
};
