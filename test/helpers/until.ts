import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks `probe` until it answers something, at most `deadlineMs`; then throws what was waited for and the last
 * failure. A probe that throws has not succeeded yet.
 */
export async function until<T>(
  what: string,
  deadlineMs: number,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let last: unknown = 'it answered nothing';
  do {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await delay(100);
  } while (performance.now() < end);
  throw new Error(`${what}: not within ${deadlineMs / 1000} s`, { cause: last });
}
