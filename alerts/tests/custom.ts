import { counterOf, matcherOf, type Selector, type Sli, type Slo } from '../../slo/index.ts';
import { exampleOf, exampleOutside } from './examples.ts';
import type { Stretch } from './scenario.ts';
import { type Feed, inputSeries, type Labels, type Source, split } from './source.ts';
import { counter } from './values.ts';

/**
 * Events of the user's own counters, where each is a selector: series that the selectors select are made up, a bad and a good
 * one. Undefined for free expressions, and where no labels are found.
 */
export function customFeed(slo: Slo, sli: Extract<Sli, { kind: 'custom' }>): Feed | undefined {
  const { events } = sli;
  if ('badRatio' in events) return undefined;
  const side = 'bad' in events ? 'bad' : 'good';
  const whole = counterOf(events.total, slo.by);
  const part = counterOf('bad' in events ? events.bad : events.good, slo.by);
  const fed = whole && part && countersOf(whole, part, side);
  if (!fed) return undefined;
  const sources = split(pick(slo.by, Object.assign({}, ...fed.map(({ labels }) => labels))), slo.by);
  const all = fed.flatMap((one) =>
    sources.map((source) => ({ ...one, source, labels: { ...one.labels, ...source.labels } })),
  );
  const isRight = all.every(
    ({ labels, selectors, not }) =>
      selectors.every((selector) => matcherOf(selector)(labels)) && !(not && matcherOf(not)(labels)),
  );
  if (!isRight) return undefined;
  return {
    slos: [slo],
    sources,
    series: (scenario) =>
      all.map(({ metric, labels, counts, source }) =>
        inputSeries(
          metric,
          labels,
          counter(scenario, counted(counts, source), counts === 'bad' && scenario.lateErrors),
        ),
      ),
  };
}

type Counted = 'good' | 'bad' | 'all';

function counted(what: Counted, { healthy }: Source): (stretch: Stretch) => number {
  return ({ good, bad }) => {
    if (what === 'all') return good + bad;
    if (what === 'bad') return healthy ? 0 : bad;
    return healthy ? good + bad : good;
  };
}

interface FedCounter {
  readonly metric: string;
  readonly labels: Labels;
  readonly counts: Counted;
  /** Selectors that must select it, and one that must not. */
  readonly selectors: readonly Selector[];
  readonly not?: Selector;
}

/** Two series of one metric, in and outside of the part; or one series of each metric. */
function countersOf(
  whole: Selector,
  part: Selector,
  side: 'good' | 'bad',
): readonly FedCounter[] | undefined {
  const inside = exampleOf(part);
  const { metric } = whole;
  if (metric !== part.metric) {
    const labels = exampleOf(whole);
    if (!inside || !labels) return undefined;
    return [
      { metric, labels, counts: 'all', selectors: [whole] },
      { metric: part.metric, labels: inside, counts: side, selectors: [part] },
    ];
  }
  const both = exampleOf({ metric, matchers: [...whole.matchers, ...part.matchers] });
  const outside = both && exampleOutside(both, whole, part);
  if (!both || !outside) return undefined;
  const other = side === 'bad' ? 'good' : 'bad';
  return [
    { metric, labels: both, counts: side, selectors: [whole, part] },
    { metric, labels: outside, counts: other, selectors: [whole], not: part },
  ];
}

function pick(names: readonly string[], labels: Labels): Labels {
  return Object.fromEntries(
    names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])),
  );
}
