/** A thread that seals runs of raw blocks; started by sealing-thread.ts. It reads the file, and never writes it. */
import { constants, setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, openForReading } from './file.ts';
import { type FromSealWorker, runBuffers, type SealWorkerData, type ToSealWorker } from './seal-messages.ts';
import { ArenaKeeper } from './sealed/byte-table.ts';
import { sealRun } from './sealed/seal-run.ts';

// What a run leaves behind lies outside of the heap: by itself V8 would let three times as much pile up, for good.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (options: { type: 'minor' }) => void;
// Whoever sends or asks goes first where they share a processor. Elsewhere this would be about the whole process.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
const keeper = new ArenaKeeper();
const db = openForReading((workerData as SealWorkerData).path);

parentPort?.on('message', ({ metas }: ToSealWorker) => {
  try {
    const run = sealRun(db, metas, keeper);
    post({ run }, runBuffers(run));
    collectGarbage({ type: 'minor' });
  } catch (error) {
    post({ failure: messageOf(error) }, []);
  }
});

function post(message: FromSealWorker, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(message, transfer);
}
