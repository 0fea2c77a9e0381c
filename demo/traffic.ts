import { Agent, request } from 'node:http';

/** One kind of request and how often it comes. */
export interface Flow {
  method: string;
  /** Path of the n-th request. */
  path(n: number): string;
  body?: (n: number) => string;
  perSecond: number;
  /** How often the client tries again after an error or a 5xx, as impatient clients do. */
  retries: number;
}

export interface TrafficDeps {
  random(): number;
  every(ms: number, work: () => void): { stop(): void };
}

export interface Traffic {
  sent(): number;
  failed(): number;
  stop(): Promise<void>;
}

/** Milliseconds after which a client gives up on an answer. */
const CLIENT_TIMEOUT_MS = 10_000;
/** How often it is decided how many requests leave. */
const TICK_MS = 20;

/** Resolves to the status, or 0 when there was no answer. */
function send(base: string, flow: Flow, n: number, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const body = flow.body?.(n);
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(base + flow.path(n), {
      method: flow.method,
      agent,
      headers,
      timeout: CLIENT_TIMEOUT_MS,
    });
    outgoing.on('response', (incoming) => {
      incoming.resume();
      incoming.on('close', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', () => resolve(0));
    outgoing.end(body);
  });
}

/** Sends every flow at its own rate, whether the service answers or not (open loop), until stopped. */
export function startTraffic(base: string, flows: readonly Flow[], deps: TrafficDeps): Traffic {
  const agent = new Agent({ keepAlive: true, maxSockets: 2000 });
  const underway = new Set<Promise<void>>();
  let stopped = false;
  let sent = 0;
  let failed = 0;
  const one = async (flow: Flow, n: number) => {
    for (let attempt = 0; attempt <= flow.retries && !stopped; attempt++) {
      sent++;
      const status = await send(base, flow, n, agent);
      if (status !== 0 && status < 500) return;
      failed++;
    }
  };
  const owed = flows.map(() => 0);
  const counts = flows.map(() => 0);
  const timer = deps.every(TICK_MS, () => {
    flows.forEach((flow, i) => {
      // Jitter keeps the arrivals from marching in step, which would hide queueing.
      owed[i] = (owed[i] ?? 0) + flow.perSecond * (TICK_MS / 1000) * (0.5 + deps.random());
      for (; (owed[i] ?? 0) >= 1; owed[i] = (owed[i] ?? 0) - 1) {
        counts[i] = (counts[i] ?? 0) + 1;
        const work = one(flow, counts[i] ?? 0).finally(() => underway.delete(work));
        underway.add(work);
      }
    });
  });
  return {
    sent: () => sent,
    failed: () => failed,
    stop: async () => {
      stopped = true;
      timer.stop();
      agent.destroy();
      await Promise.allSettled(underway);
    },
  };
}
