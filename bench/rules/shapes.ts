// The shapes of traffic over which a recorded ratio is held against the truth.
import type { Behaviour } from './counters.ts';

const hour = 3_600;
const day = 24 * hour;

/** Seconds before the 30 days: a service that runs already. */
export const pastSeconds = 2 * hour;
export const windowSeconds = 30 * day;

export interface TruthShape extends Behaviour {
  readonly is: string;
  readonly instances: number;
  /** Shown, but no part of a figure: `is` says why. */
  readonly told?: boolean;
}

const within = (at: number, from: number, seconds: number) => at >= from && at < from + seconds;
/** From a tenth of the mean at night to nearly twice of it at noon. */
const daily = (mean: number) => (at: number) => mean * (1 - 0.9 * Math.cos((2 * Math.PI * at) / day));

/** Scrapes that fail: for a day once, and for hours. */
const gaps = [
  { from: 4 * day + 9 * hour, seconds: 3 * hour },
  { from: 11 * day + 2 * hour, seconds: day },
  { from: 19 * day + 20 * hour, seconds: 6 * hour },
];
const inGap = (at: number) => gaps.some(({ from, seconds }) => within(at, from, seconds));

/** An outage of half an hour at noon of the ninth day. */
const outage = (at: number) => within(at, 8 * day + 12 * hour, 1_800);
const late = (at: number) => (at > 20 * day ? 0.005 : 0);

const table = {
  steady: {
    is: '600 requests a minute on two instances, one of 2,000 fails.',
    instances: 2,
    perMinute: () => 600,
    badRatio: () => 0.0005,
  },
  diurnal: {
    is: '300 a minute in the mean, 30 at midnight; one of 5,000 fails, and half of them for 30 minutes of one night.',
    instances: 2,
    perMinute: daily(300),
    badRatio: (at) => (within(at, 14 * day, 1_800) ? 0.5 : 0.0002),
  },
  '1 rpm': {
    is: 'one request a minute in the mean, one of 1,000 fails.',
    instances: 1,
    perMinute: () => 1,
    badRatio: () => 0.001,
  },
  'late, 0 before': {
    is: '60 a minute; the first failure comes after 20 days, one of 200 from then on; their series was there, at 0.',
    instances: 1,
    perMinute: () => 60,
    badRatio: late,
  },
  'late, no series': {
    is: 'the same, but the series of failures begins with the first one.',
    instances: 1,
    perMinute: () => 60,
    badRatio: late,
    failuresFromStart: false,
  },
  reset: {
    is: '60 a minute on two instances, each of which restarts every 8 hours; one of 500 fails.',
    instances: 2,
    perMinute: () => 60,
    badRatio: () => 0.002,
    restartSeconds: 8 * hour,
  },
  gap: {
    is: '300 a minute in the mean by day and night, one of 1,000 fails; no scrape succeeds for 3 h, for a day and for 6 h.',
    instances: 1,
    perMinute: daily(300),
    badRatio: () => 0.001,
    scraped: (at) => !inGap(at),
  },
  'gap and outage': {
    is: 'the same with an outage of 30 minutes outside of the gaps: its weight grows by the good events that nobody counted, as coverage tells. Shown only.',
    instances: 1,
    perMinute: daily(300),
    badRatio: (at) => (outage(at) ? 0.5 : 0.001),
    scraped: (at) => !inGap(at),
    told: true,
  },
  'outage in a gap': {
    is: 'the same with the outage inside of a gap: what nobody measured is in no rule, and an alert about missing scrapes is another one. Shown only.',
    instances: 1,
    perMinute: daily(300),
    badRatio: (at) => (within(at, 11 * day + 12 * hour, 1_800) ? 0.5 : 0.001),
    scraped: (at) => !inGap(at),
    told: true,
  },
  idle: {
    is: "no request from 0 to 6 o'clock, 60 a minute by day, one of 1,000 fails. Shown only.",
    instances: 1,
    perMinute: (at) => (at % day < 6 * hour ? 0 : 60),
    badRatio: () => 0.001,
    told: true,
  },
} as const satisfies Record<string, TruthShape>;

export type ShapeName = keyof typeof table;

export const shapes: Readonly<Record<ShapeName, TruthShape>> = table;
export const shapeNames = Object.keys(table) as readonly ShapeName[];
