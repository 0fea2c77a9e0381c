// What does it cost to take a span in and to have it on disk, beside the OpenTelemetry Collector, which writes to a file
// and never syncs? Both get the same requests in turn over loopback; what counts is the CPU time of the whole process.
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { type Binaries, buildAll, mustHold, withBoth } from './collector/both.ts';
import { chosenCases } from './collector/cases.ts';
import { costTable } from './collector/cost-table.ts';
import type { Load } from './collector/load.ts';
import { withoutSealing } from './collector/ours.ts';
import { cpuRatio, measureRound, medianOf, type Turns, takeTurns } from './collector/round.ts';

const defaultRounds = 5;

/** Requests of a round: enough for seconds of CPU, which the kernel counts in hundredths. */
const cases = {
  '512': { figure: 'ratio512', load: { records: 512, requests: 600 } },
  '512-gzip': { figure: 'ratio512Gzip', load: { records: 512, requests: 600, gzip: true } },
  '128': { figure: 'ratio128', load: { records: 128, requests: 2000 } },
  '32': { figure: 'ratio32', load: { records: 32, requests: 6000 } },
  '8': { figure: 'ratio8', load: { records: 8, requests: 12_000 } },
  json: { figure: 'ratioJson', load: { records: 512, requests: 300, format: 'json' } },
} as const satisfies Record<string, { figure: string; load: Load }>;

type Case = keyof typeof cases;
const names = Object.keys(cases) as Case[];

/** Rounds by case, of the cases that were measured. */
export type Measured = ReadonlyMap<Case, Turns>;

/** One case, both programs started afresh, so that it gives the same alone as among the others. */
async function measure(name: Case, binaries: Binaries, deps: BenchDeps): Promise<Turns> {
  const { load: usual } = cases[name];
  const { rounds = defaultRounds, requests = usual.requests } = deps.settings;
  const load = { ...usual, requests };
  deps.tell(`${name}: ${rounds} rounds and one to warm up, ${requests} requests of ${load.records} spans`);
  let store = '';
  const turns = await withBoth(binaries, name, { ours: { config: withoutSealing } }, deps, (both) => {
    store = both.ours.store;
    return takeTurns(rounds, (who) => measureRound(binaries.sender, both[who], load, deps));
  });
  mustHold(store, 'traces', (rounds + 1) * requests * load.records);
  return turns;
}

/** Figures from the rounds; null for a case that was left out: pure. */
export function ingestFigures(measured: Measured): Findings<'ingest-traces'>['figures'] {
  const ratio = (name: Case) => {
    const turns = measured.get(name);
    return [cases[name].figure, turns === undefined ? null : cpuRatio(turns)] as const;
  };
  const ratios = Object.fromEntries(names.map(ratio)) as Record<
    (typeof cases)[Case]['figure'],
    number | null
  >;
  const plain = measured.get('512');
  return { ...ratios, ackP99Ms: plain === undefined ? null : medianOf(plain.ours, 'p99Ms') };
}

export const ingestTraces: Bench<'ingest-traces'> = {
  question: 'what a span costs to take in and to have on disk, beside the OpenTelemetry Collector',
  async run(deps) {
    const chosen = chosenCases(names, deps.settings.case);
    const binaries = await buildAll(deps);
    const measured = new Map<Case, Turns>();
    for (const name of chosen) measured.set(name, await measure(name, binaries, deps));
    const notes = [
      'Ours answers when a span is on disk; the Collector batches, compresses (zstd), writes to a file and syncs never.',
      'Every span that ours acknowledged was counted by its status and, when it had stopped, in its file.',
      'Ours runs with its default configuration, but without sealing, which `seal` measures; eight services send, as one may send 100,000 spans a second.',
    ];
    return {
      tables: [costTable('spans a request', 'span', measured)],
      notes,
      figures: ingestFigures(measured),
    };
  },
};
