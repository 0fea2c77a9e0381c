/** Lets so many through at once and so many wait. */
export type Gate = {
  /** Runs `work` when there is a place, or answers why it cannot. */
  pass<T>(work: () => Promise<T>, deadline: AbortSignal): Promise<T | 'overloaded' | 'timeout'>;
  readonly running: number;
  readonly waiting: number;
};

/** A gate with `places` places and `maxWaiting` that may wait for one, first come first served. */
export function createGate(places: number, maxWaiting: number): Gate {
  let running = 0;
  const queue = new Set<() => void>();
  const enter = (
    deadline: AbortSignal,
  ): Promise<'in' | 'overloaded' | 'timeout'> | 'in' | 'overloaded' | 'timeout' => {
    if (deadline.aborted) return 'timeout';
    if (running < places) {
      running += 1;
      return 'in';
    }
    if (queue.size >= maxWaiting) return 'overloaded';
    return new Promise((resolve) => {
      const giveUp = () => {
        queue.delete(called);
        resolve('timeout');
      };
      const called = () => {
        deadline.removeEventListener('abort', giveUp);
        resolve('in');
      };
      queue.add(called);
      deadline.addEventListener('abort', giveUp, { once: true });
    });
  };
  /** A place goes straight to who waits longest. */
  const leave = () => {
    const [next] = queue;
    if (next === undefined) running -= 1;
    else {
      queue.delete(next);
      next();
    }
  };
  return {
    async pass(work, deadline) {
      const entered = await enter(deadline);
      if (entered !== 'in') return entered;
      try {
        return await work();
      } finally {
        leave();
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
  };
}
