// What do taking a span in and sealing it later cost together, beside the OpenTelemetry Collector's writing of a file that
// nothing can be searched in, and how many bytes does a sealed span take, beside that file?
import { sleep } from '../demo/wait.ts';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { type Both, buildAll, mustHold, withBoth } from './collector/both.ts';
import { costTable } from './collector/cost-table.ts';
import { type Ours, type Stored, storedIn } from './collector/ours.ts';
import { cpuRatio, measureRound, type Turns, takeTurns } from './collector/round.ts';
import { cell, type Table } from './report.ts';

const defaultRounds = 3;
const defaultRequests = 2000;
const records = 512;
/** Spans that fill a sealed block: fewer wait for more, and are sealed with those of the next round, or a minute later. */
const blockSpans = 16_384;
/** So few are not worth a sealed block, however long they wait. */
const restSpans = 1024;
const sealedWithinMs = 600_000;
const pollMs = 500;

/** Bytes that spans take, in our store and in the Collector's file. */
interface Sizes {
  ours: Stored;
  peer: { records: number; fileBytes: number };
}

/** Waits until fewer spans than `rest` are left to seal. @throws Error when that takes too long */
async function sealedBut(rest: number, ours: Ours): Promise<void> {
  const deadline = performance.now() + sealedWithinMs;
  for (;;) {
    const { records: stored, sealed } = storedIn(ours.store, 'traces');
    if (stored - sealed < rest) return;
    if (performance.now() > deadline)
      throw new Error(
        `${stored - sealed} of ${stored} spans were not sealed within ${sealedWithinMs / 1000} s`,
      );
    await Promise.race([sleep(pollMs), ours.died]);
  }
}

async function measure(both: Both, sender: string, deps: BenchDeps) {
  const { rounds = defaultRounds, requests = defaultRequests } = deps.settings;
  const load = { records, requests };
  deps.tell(`${rounds} rounds and one to warm up, ${requests} requests of ${records} spans`);
  const settled = { ours: () => sealedBut(blockSpans, both.ours), peer: async () => {} };
  const turns = await takeTurns(rounds, (who) => measureRound(sender, both[who], load, deps, settled[who]));
  await sealedBut(restSpans, both.ours);
  const sent = (rounds + 1) * requests * records;
  return { turns, sent, store: both.ours.store, peerBytes: both.peer.fileBytes() };
}

/** Figures from the rounds and the sizes: pure. */
export function sealFigures(turns: Turns, sizes: Sizes): Findings<'seal'>['figures'] {
  return {
    totalCpuRatio: cpuRatio(turns),
    bytesRatio: bytesPerSpan(sizes.ours) / (sizes.peer.fileBytes / sizes.peer.records),
  };
}

const bytesPerSpan = ({ usedBytes, records }: Stored) => usedBytes / records;

function sizeTable({ ours, peer }: Sizes): Table {
  return {
    head: ['bytes', 'spans', 'file', 'used', 'used per span'],
    rows: [
      ['ours, sealed', ours.records, ours.fileBytes, ours.usedBytes, bytesPerSpan(ours)],
      ['OTel, zstd', peer.records, peer.fileBytes, peer.fileBytes, peer.fileBytes / peer.records],
    ].map(([name, ...numbers]) => [String(name), ...numbers.map((number) => cell(Number(number)))]),
  };
}

export const seal: Bench<'seal'> = {
  question: 'what taking in and sealing cost together, and how many bytes a sealed span takes',
  async run(deps) {
    const binaries = await buildAll(deps);
    const { turns, sent, store, peerBytes } = await withBoth(binaries, 'seal', {}, deps, (both) =>
      measure(both, binaries.sender, deps),
    );
    mustHold(store, 'traces', sent);
    const sizes = { ours: storedIn(store, 'traces'), peer: { records: sent, fileBytes: peerBytes } };
    const notes = [
      'CPU of ours is that of the whole process from the first request until fewer spans than fill a block are left to seal.',
      'Used bytes are those of the pages of our file that hold something, its catalogue and indexes among them, when all spans are sealed.',
      'Ours runs with its default configuration.',
    ];
    return {
      tables: [
        costTable('512 spans a request', 'span', new Map([['in and sealed', turns]])),
        sizeTable(sizes),
      ],
      notes,
      figures: sealFigures(turns, sizes),
    };
  },
};
