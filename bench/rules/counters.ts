// Traffic of a service as its counters show it to a scraper, and what really happened: pure.
import { label, poisson, type Random, serviceMetric, suffix } from '../../slo/index.ts';

/** Seconds from scrape to scrape. */
export const stepSeconds = 30;

/** One series: a value a step. NaN: not scraped, or not there yet. */
export interface Counter {
  readonly labels: Readonly<Record<string, string>>;
  /** When within a step its target is scraped. */
  readonly offsetMs: number;
  readonly values: Float64Array;
}

/** Counters, and the events of each step, whether scraped or not. */
export interface Traffic {
  readonly counters: readonly Counter[];
  readonly bad: Float64Array;
  readonly total: Float64Array;
}

/** How the requests of a route come and how many of them fail. Times are seconds from the first step. */
export interface Behaviour {
  readonly perMinute: (at: number) => number;
  readonly badRatio: (at: number) => number;
  /** False while no scrape succeeds. */
  readonly scraped?: (at: number) => boolean;
  /** Each instance restarts so often, one after the other; its counters begin at 0 again. */
  readonly restartSeconds?: number;
  /** Counters of failures are there from the start, at 0; otherwise from their first failure on. */
  readonly failuresFromStart?: boolean;
}

export interface Shape extends Behaviour {
  readonly steps: number;
  readonly routes: readonly string[];
  readonly instances: number;
}

/** Shares of the answers that are good, and of those that are bad, by code. */
const good = { '200': 0.85, '201': 0.05, '400': 0.05, '404': 0.04, '409': 0.01 };
const bad = { '500': 0.8, '503': 0.2 };

export const job = 'shop';
export const method = 'GET';

/** Counters of all codes on all routes and instances, each with its share of the requests. */
export function traffic(shape: Shape, random: Random): Traffic {
  const found = { bad: new Float64Array(shape.steps), total: new Float64Array(shape.steps) };
  const counters: Counter[] = [];
  for (const route of shape.routes) {
    for (let instance = 0; instance < shape.instances; instance++) {
      for (const [code, share] of Object.entries({ ...good, ...bad })) {
        const of = { route, instance, code, share: share / shape.instances };
        counters.push(counterOf(of, shape, random, found));
      }
    }
  }
  return { counters, ...found };
}

interface Part {
  route: string;
  instance: number;
  code: string;
  share: number;
}

function counterOf(
  { route, instance, code, share }: Part,
  shape: Shape,
  random: Random,
  found: { bad: Float64Array; total: Float64Array },
): Counter {
  const isBad = code in bad;
  const values = new Float64Array(shape.steps);
  const { restartSeconds = Infinity, scraped = () => true, failuresFromStart = true } = shape;
  const phase = (restartSeconds / shape.instances) * instance;
  let value = isBad && !failuresFromStart ? Number.NaN : 0;
  for (let step = 1; step < shape.steps; step++) {
    const at = step * stepSeconds;
    const ratio = shape.badRatio(at);
    const mean = (shape.perMinute(at) / 60) * stepSeconds * share * (isBad ? ratio : 1 - ratio);
    const events = poisson(mean, random);
    if (isBad) found.bad[step]! += events;
    found.total[step]! += events;
    if (events > 0 && Number.isNaN(value)) value = 0;
    // What came since the last scrape is lost with the process: half of the step is before the restart.
    value = (at + phase) % restartSeconds < stepSeconds ? Math.round(events / 2) : value + events;
    values[step] = scraped(at) ? value : Number.NaN;
  }
  values[0] = isBad && !failuresFromStart ? Number.NaN : 0;
  const labels = {
    __name__: `${serviceMetric.requestDuration}${suffix.count}`,
    [label.job]: job,
    instance: `shop-${instance}:8081`,
    [label.route]: route,
    [label.method]: method,
    [label.statusCode]: code,
  };
  return { labels, offsetMs: 7_000 + 11_000 * (instance % 2), values };
}
