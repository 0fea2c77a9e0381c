import { matcherOf, plainSelector, type Sli, type Slo } from '../../slo/index.ts';
import { exampleOf } from './examples.ts';
import type { Scenario } from './scenario.ts';
import { type Feed, inputSeries, split } from './source.ts';
import { gauge, timestamp } from './values.ts';

/** Time above a limit, or without renewal, where the gauge is a selector. */
export function gaugeFeed(
  slo: Slo,
  sli: Extract<Sli, { kind: 'saturation' | 'freshness' }>,
): Feed | undefined {
  const selector = plainSelector(sli.kind === 'saturation' ? sli.gauge : sli.timestamp);
  const labels = selector && exampleOf(selector);
  if (!selector || !labels) return undefined;
  const values = (scenario: Scenario) =>
    sli.kind === 'saturation' ? gauge(scenario, sli.limit) : timestamp(scenario, sli.thresholdSeconds);
  const sources = split(labels, slo.by);
  if (!sources.every((source) => matcherOf(selector)(source.labels))) return undefined;
  return {
    slos: [slo],
    sources,
    series: (scenario) =>
      sources.map(({ labels: own, healthy }) =>
        inputSeries(selector.metric, own, values(healthy ? withoutBad(scenario) : scenario)),
      ),
  };
}

function withoutBad(scenario: Scenario): Scenario {
  const stretches = scenario.stretches.map((stretch) => ({
    ...stretch,
    good: stretch.good + stretch.bad,
    bad: 0,
  }));
  return { ...scenario, stretches };
}
