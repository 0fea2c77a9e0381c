// What instances are put through while they are recorded, and the traffic that does it.
import { type Fault, NO_FAULT } from '../../demo/fault-proxy.ts';
import type { Flow } from '../../demo/traffic.ts';
import type { Doing } from './recording.ts';

/** The demo's fault: beyond what the pool can serve, and one answer in a hundred lost. */
export const slowCache: Fault = { latencyMs: 280, stallShare: 0, dropShare: 0.01 };

/** A network as it is: one answer in five hundred is lost, and asked for again. */
export const usualCache: Fault = { ...NO_FAULT, dropShare: 0.002 };

/** How an instance is started. */
export interface Start {
  debug: boolean;
  /** Stores every trace, not the share that the service's table says. */
  isWhole: boolean;
}

/** What one instance is put through. */
export interface Act {
  doing: Doing;
  seconds: number;
  perSecond: number;
  /** Starts the instance anew before it. */
  restart?: Start;
}

/** Instances side by side, as behind a load balancer; beside them one that starts again and again, and one that talks. */
export const usual: readonly Act[] = [
  { doing: 'usual', seconds: 50, perSecond: 0.7 },
  { doing: 'usual', seconds: 40, perSecond: 3 },
  { doing: 'usual', seconds: 50, perSecond: 10 },
  { doing: 'usual', seconds: 50, perSecond: 25 },
  { doing: 'usual', seconds: 25, perSecond: 60 },
];
export const starting: readonly Act[] = [10, 20, 3, 10, 5].map((perSecond, i) => ({
  ...{ doing: 'start', seconds: 30, perSecond },
  restart: { debug: false, isWhole: i >= 3 },
}));
export const talking: readonly Act[] = [
  { doing: 'debug', seconds: 50, perSecond: 2, restart: { debug: true, isWhole: false } },
  { doing: 'debug', seconds: 60, perSecond: 10 },
  { doing: 'debug', seconds: 60, perSecond: 25 },
];
export const failing: readonly Act[] = [{ doing: 'fault', seconds: 75, perSecond: 15 }];

/** Traffic of one instance; some ask for what is not there. */
export function flowsAt(perSecond: number): Flow[] {
  const order = (n: number) => JSON.stringify({ item: `item-${n % 50}`, quantity: 1 + (n % 3) });
  const flows: Flow[] = [
    { method: 'GET', path: (n) => `/api/v2/verify?session=${n % 1000}`, perSecond: 0.4, retries: 1 },
    { method: 'GET', path: (n) => `/orders/${(n % 20) + 1}`, perSecond: 0.38, retries: 0 },
    { method: 'GET', path: (n) => `/orders/none-${n}`, perSecond: 0.01, retries: 0 },
    { method: 'POST', path: () => '/orders', body: order, perSecond: 0.12, retries: 0 },
    { method: 'POST', path: (n) => `/payment/${n}/capture`, body: () => '{}', perSecond: 0.09, retries: 0 },
  ];
  return flows.map((flow) => ({ ...flow, perSecond: flow.perSecond * perSecond }));
}
