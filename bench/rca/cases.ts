import type { EvidenceKind } from '../../collector/correlate/incident.ts';
import { NO_FAULT } from '../../demo/fault-proxy.ts';
import type { Stack, StackChoice } from './stack.ts';

/** What a right answer is, decided before the engine is asked. */
export interface Right {
  /** The cause as the incident's title must name it; the title of an incident without a cause never counts. */
  cause: RegExp;
  /** A finding that must hold, or an attribute that must be told, and what its statement must say. */
  evidence: { kind: EvidenceKind; says: RegExp };
}

/** One fault: how it is made, and what is to be found. */
export interface FaultCase {
  name: string;
  /** What happens, in words. */
  fault: string;
  stack?: StackChoice;
  /** Disturbs, or is disturbed by, everything else on the machine: runs with no other case beside it. */
  alone?: boolean;
  inject(stack: Stack): Promise<void> | void;
  right: Right;
}

const QUOTES = /GET \/quotes\/\{zip\}/.source;
/** shipping's code, by its operation or by its name. */
const OWN_CODE = new RegExp(
  `^${QUOTES} (slow|failing):|^${QUOTES} of shipping is (slow|failing) in its own code|: it begins in shipping$`,
);
const DATABASE = /^postgresql\.SELECT products (slow|failing):/;
/** shipping by its code, or by what it lacks. */
const CPU = new RegExp(`${OWN_CODE.source}|CPU of shipping`);

/** Every fault with its right answer. Nothing in it is told to the collector. */
export const CASES: readonly FaultCase[] = [
  {
    name: 'slow-cache',
    fault: 'each answer of Redis takes 280 ms',
    inject: ({ redis }) => redis.set({ ...NO_FAULT, latencyMs: 280 }),
    right: {
      cause: /^redis\.GET slow:/,
      evidence: { kind: 'difference', says: /spend over \d+ ms in redis\.GET/ },
    },
  },
  {
    name: 'dropped-connections',
    fault: 'in the place of 3 of 10 answers of PostgreSQL the connection is closed',
    inject: ({ database }) => database.set({ ...NO_FAULT, dropShare: 0.3 }),
    right: {
      cause: /^postgresql\.SELECT products (slow|failing):/,
      evidence: { kind: 'logs', says: /postgres attempt failed/ },
    },
  },
  {
    name: 'pool-too-small',
    fault: 'shipping is restarted with one connection to a PostgreSQL that takes 60 ms',
    stack: { databaseMs: 60 },
    inject: ({ replace }) => replace(0, { env: { DATABASE_POOL_SIZE: '1' } }),
    right: {
      cause: DATABASE,
      evidence: { kind: 'pool', says: /^The (shipping )?postgresql pool is full/ },
    },
  },
  {
    name: 'retry-storm',
    fault: 'each answer of Redis takes longer than its client waits',
    inject: ({ redis }) => redis.set({ ...NO_FAULT, latencyMs: 1100 }),
    right: {
      cause: /^redis\.GET (slow|failing):.*retries multiply the load/,
      evidence: { kind: 'retry-storm', says: /^Retries multiply the load on redis\.GET/ },
    },
  },
  {
    name: 'lock-contention',
    fault: 'every 20th request of shipping holds a lock for 500 ms',
    inject: ({ switchOn }) => switchOn('shipping', 'lock'),
    right: { cause: OWN_CODE, evidence: { kind: 'profiles', says: /rates.*lookup|lookup.*rates/ } },
  },
  {
    name: 'goroutine-leak',
    fault: 'each request of shipping leaves a goroutine behind that keeps one of 200 slots',
    inject: ({ switchOn }) => switchOn('shipping', 'leak'),
    right: { cause: OWN_CODE, evidence: { kind: 'profiles', says: /goroutines? in .*compute.*chan send/ } },
  },
  {
    name: 'bad-deploy',
    fault: 'one of two instances of shipping becomes version 1.5.0, which is 150 ms slower',
    stack: { instances: 2 },
    inject: ({ replace }) => replace(1, { version: '1.5.0', env: { FAULTS: 'slow-rates' } }),
    right: {
      cause: OWN_CODE,
      evidence: { kind: 'alternatives', says: /New release: shipping 1\.5\.0 is new/ },
    },
  },
  {
    name: 'slow-customer',
    fault: "one of four customers' invoices take 300 ms more",
    inject: ({ switchOn }) => switchOn('shop', 'invoice-lines'),
    right: {
      cause: /^GET \/invoices\/\{customer\} of shop is slow in its own code/,
      evidence: { kind: 'difference', says: /app\.customer = acme/ },
    },
  },
  {
    name: 'downstream-5xx',
    fault: 'shipping answers 4 of 10 requests with 500',
    inject: ({ switchOn }) => switchOn('shipping', 'zones'),
    right: { cause: OWN_CODE, evidence: { kind: 'logs', says: /the table of zones cannot be read/ } },
  },
  {
    name: 'dns-failure',
    fault: "shipping's host name no longer resolves",
    inject: ({ dns, between }) => {
      dns.forget();
      between.cut();
    },
    right: {
      cause: /^GET shipping\.internal failing:/,
      evidence: { kind: 'logs', says: /no such host/ },
    },
  },
  {
    name: 'cpu-starvation',
    fault: 'a report in shipping keeps its only processor busy',
    alone: true,
    stack: { shippingProcessors: 1 },
    inject: ({ switchOn }) => switchOn('shipping', 'report'),
    right: { cause: CPU, evidence: { kind: 'alternatives', says: /^CPU of shipping: .* of 1 core/ } },
  },
  {
    name: 'shifted-clock',
    fault: "PostgreSQL takes 200 ms, and shipping's clock is 30 s slow",
    stack: { shippingSkewSeconds: -30 },
    inject: ({ database }) => database.set({ ...NO_FAULT, latencyMs: 200 }),
    right: {
      cause: DATABASE,
      evidence: { kind: 'where', says: /is postgresql\.SELECT products: p50/ },
    },
  },
];
