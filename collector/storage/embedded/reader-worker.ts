/** A thread that answers queries; started by reader-pool.ts. */
import { setImmediate } from 'node:timers';
import { parentPort, workerData } from 'node:worker_threads';
import {
  type FromReader,
  ownedBuffers,
  plainError,
  type ReaderWorkerData,
  type ToReader,
} from './reader-messages.ts';
import { ReaderSession } from './reader-session.ts';

const { path, cacheBytes } = workerData as ReaderWorkerData;
const session = new ReaderSession(path, cacheBytes, {
  monotonicMs: () => performance.now(),
  breathe: () => new Promise<void>((resolve) => setImmediate(resolve)),
});
const underway = new Map<number, AbortController>();

parentPort?.on('message', (message: ToReader) => {
  if (message.kind === 'cancel') underway.get(message.id)?.abort();
  else void answer(message);
});

async function answer({ id, name, query, options }: Extract<ToReader, { kind: 'ask' }>): Promise<void> {
  const controller = new AbortController();
  underway.set(id, controller);
  try {
    const page = await session.run(name, query, { ...options, signal: controller.signal });
    post({ id, answer: page }, ownedBuffers(page));
  } catch (error) {
    post({ id, error: plainError(error) }, []);
  } finally {
    underway.delete(id);
  }
}

function post(message: FromReader, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(message, transfer);
}
