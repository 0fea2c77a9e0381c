import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeat } from '../../collector/repeat.ts';
import { CollectorError } from '../../collector/telemetry/errors.ts';

/** Longer than any test. */
const EVERY_MS = 3_600_000;

/** Stops a task that is under way and then ends as `end` has it; gives the errors that were logged. */
async function stopped(end: (stopping: AbortSignal) => void): Promise<unknown[]> {
  const logged: unknown[] = [];
  const work = (stopping: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      stopping.addEventListener('abort', () => {
        try {
          end(stopping);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
  const error = (fields: { err: unknown }) => logged.push(fields.err);
  await repeat(EVERY_MS, work, { error: error as never }, 'at once')();
  return logged;
}

test('a task that a stop cancels is awaited, and is no error', async () => {
  const cancelled = new CollectorError('cancelled', 'The query was cancelled by its reader.');
  const ends: ((stopping: AbortSignal) => void)[] = [
    () => {},
    (stopping) => stopping.throwIfAborted(),
    () => {
      throw cancelled;
    },
  ];
  for (const end of ends) assert.deepEqual(await stopped(end), []);
});

test('a task that fails is logged, also when it is stopped meanwhile', async () => {
  const broken = new Error('broken');
  const fails = () => {
    throw broken;
  };
  assert.deepEqual(await stopped(fails), [broken]);
  const logged: unknown[] = [];
  const failed = Promise.withResolvers<void>();
  const error = ({ err }: { err: unknown }) => {
    logged.push(err);
    failed.resolve();
  };
  const cancelled = new CollectorError('cancelled', 'It took too long.');
  const stop = repeat(EVERY_MS, () => Promise.reject(cancelled), { error: error as never }, 'at once');
  await failed.promise;
  await stop();
  assert.deepEqual(logged, [cancelled]);
});
