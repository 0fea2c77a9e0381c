import { type Flow, startTraffic, type Traffic } from '../../demo/traffic.ts';
import { SESSIONS } from './backends.ts';

const CUSTOMERS = ['acme', 'globex', 'initech', 'umbrella'];
/** Zip codes that are quoted; few, so that their rates are known soon. */
const ZIPS = 300;

/** What is asked of shop, by kind of request. Nobody tries again: how often requests come is no part of a fault. */
const FLOWS: readonly Flow[] = [
  { method: 'GET', path: (n) => `/api/v2/verify?session=${n % SESSIONS}`, perSecond: 20, retries: 0 },
  { method: 'GET', path: (n) => `/shipping/${10_000 + (n % ZIPS)}`, perSecond: 20, retries: 0 },
  { method: 'GET', path: (n) => `/invoices/${CUSTOMERS[n % CUSTOMERS.length]}`, perSecond: 12, retries: 0 },
  {
    method: 'POST',
    path: () => '/orders',
    body: (n) => JSON.stringify({ item: `item-${n % 50}`, quantity: 1 }),
    perSecond: 4,
    retries: 0,
  },
];

/** Sends shop its usual requests until stopped. @param base `http://HOST:PORT` */
export function startLoad(base: string): Traffic {
  const every = (ms: number, work: () => void) => {
    const timer = setInterval(work, ms);
    return { stop: () => clearInterval(timer) };
  };
  return startTraffic(base, FLOWS, { random: Math.random, every });
}
