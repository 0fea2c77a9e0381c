/** A thread that seals runs of raw blocks; started by sealing-thread.ts. It reads the file, and never writes it. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, openForReading } from './file.ts';
import { type FromSealWorker, runBuffers, type SealWorkerData, type ToSealWorker } from './seal-messages.ts';
import { ArenaKeeper } from './sealed/byte-table.ts';
import { sealRun } from './sealed/seal-run.ts';

const keeper = new ArenaKeeper();
const db = openForReading((workerData as SealWorkerData).path);

parentPort?.on('message', ({ metas }: ToSealWorker) => {
  try {
    const run = sealRun(db, metas, keeper);
    post({ run }, runBuffers(run));
  } catch (error) {
    post({ failure: messageOf(error) }, []);
  }
});

function post(message: FromSealWorker, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(message, transfer);
}
