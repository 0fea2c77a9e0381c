import { label, quote, type Slo } from '../../slo/index.ts';
import { matchers } from '../promql.ts';
import type { Scenario } from './scenario.ts';

export type Labels = Readonly<Record<string, string>>;

/** One source of an objective's events: a route, or one value of the labels that it is split by. */
export interface Source {
  readonly labels: Labels;
  /** Nothing of the scenario happens to it: all of its events are good. */
  readonly healthy: boolean;
}

/** How objectives are fed: their sources, and the series of these in a scenario. */
export interface Feed {
  readonly slos: readonly Slo[];
  readonly sources: readonly Source[];
  readonly series: (scenario: Scenario) => readonly InputSeries[];
}

export interface InputSeries {
  readonly series: string;
  readonly values: string;
}

/** A series as promtool reads it. */
export function inputSeries(metric: string, labels: Labels, values: string): InputSeries {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${quote(value)}`);
  return { series: `${metric}${matchers(...pairs)}`, values };
}

/**
 * The sources of an objective with `by`: one to which the scenario happens, and a healthy one beside it that must not fire, where
 * a label of `by` is free to differ.
 */
export function split(labels: Labels, by: readonly string[]): readonly Source[] {
  const free = by.filter((name) => labels[name] === undefined || name === label.instance);
  const filled = (value: string) => ({ ...labels, ...Object.fromEntries(free.map((name) => [name, value])) });
  if (free.length === 0) return [{ labels, healthy: false }];
  return [
    { labels: filled('one'), healthy: false },
    { labels: filled('other'), healthy: true },
  ];
}
