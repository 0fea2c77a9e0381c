import type { StepCounts } from '../step-counts.ts';
import { poisson, type Random } from './random.ts';

/** Seconds of a simulated step: the usual scrape interval. */
export const simulatedStepSeconds = 30;
const daySeconds = 86_400;

/** A stretch of trouble, in seconds from the start of the simulation. */
export interface Fault {
  readonly from: number;
  readonly to: number;
  /** Share of requests that fail. */
  readonly ratio: number;
  /** The share that is reached at the end, when it grows evenly. */
  readonly toRatio?: number;
  /** Only the first `on` of every `every` seconds are bad. */
  readonly pulse?: { readonly every: number; readonly on: number };
  /** Traffic is so many times the usual, as when clients try again. */
  readonly traffic?: number;
  /** Exactly so many failures at `from`, whatever the traffic. */
  readonly failures?: number;
}

/** What the requests of one objective look like. */
export interface Traffic {
  /** Requests per minute; the mean of the day when it is diurnal. */
  readonly rpm: number;
  /** A tenth of the mean at 3 o'clock in the night, nearly twice the mean in the afternoon. */
  readonly diurnal?: boolean;
  readonly healthyRatio: number;
  readonly faults: readonly Fault[];
  readonly seconds: number;
}

/**
 * Counts of a simulation that begins at midnight: every step all of it is expected, and as much comes as `draw` says.
 * @param draw the count of a mean: `expected` for even traffic, or a Poisson draw
 */
export function simulate(traffic: Traffic, draw: (mean: number) => number): StepCounts {
  const steps = Math.round(traffic.seconds / simulatedStepSeconds);
  const [bad, total] = [new Float64Array(steps), new Float64Array(steps)];
  for (let step = 0; step < steps; step++) {
    const at = step * simulatedStepSeconds;
    const fault = traffic.faults.find(({ from, to }) => at >= from && at < to);
    const ratio = fault ? ratioAt(fault, at, traffic.healthyRatio) : traffic.healthyRatio;
    const mean = (traffic.rpm * simulatedStepSeconds * (fault?.traffic ?? 1) * shape(traffic, at)) / 60;
    const failures = fault?.failures && at < fault.from + simulatedStepSeconds ? fault.failures : 0;
    bad[step] = draw(mean * ratio) + failures;
    total[step] = bad[step]! + draw(mean * (1 - ratio));
  }
  const observed = new Uint8Array(steps).fill(1);
  return { startUnixMs: 0, stepSeconds: simulatedStepSeconds, bad, total, observed };
}

/** Every request comes when it is due: fractions of events. */
export function expected(mean: number): number {
  return mean;
}

/** Requests come independently of each other. */
export function drawn(random: Random): (mean: number) => number {
  return (mean) => poisson(mean, random);
}

function ratioAt({ from, to, ratio, toRatio, pulse }: Fault, at: number, healthy: number): number {
  if (pulse && (at - from) % pulse.every >= pulse.on) return healthy;
  return toRatio === undefined ? ratio : ratio + ((toRatio - ratio) * (at - from)) / (to - from);
}

function shape({ diurnal }: Traffic, at: number): number {
  return diurnal ? 1 - 0.9 * Math.cos((2 * Math.PI * (at - 3 * 3_600)) / daySeconds) : 1;
}
