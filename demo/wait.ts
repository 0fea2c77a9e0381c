const POLL_MS = 500;

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks again and again until `answer` is there. @throws Error with `what` when the time is over */
export async function until<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  throw new Error(
    `${what} did not happen within ${withinMs / 1000} s${last instanceof Error ? ` (${last.message})` : ''}`,
  );
}
