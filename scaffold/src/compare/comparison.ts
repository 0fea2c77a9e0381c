import { type CveVerdict, imageLayersAsJson, vulnerabilitySeverities } from '../../../images/index.ts';
import type { Contender, StartTimes } from './start-times.ts';

/** One of the two images with all three dimensions. */
export type Side = Contender & {
  start: StartTimes;
  /** Undefined where no report was given. */
  vulnerabilities: CveVerdict | undefined;
};

export type Comparison = { a: Side; b: Side };

/** The comparison as one object for `--json`; times in milliseconds, sizes in bytes. */
export function comparisonAsJson({ a, b }: Comparison): object {
  return { a: sideAsJson(a), b: sideAsJson(b) };
}

function sideAsJson({ target, origin, image, start, vulnerabilities }: Side): object {
  return {
    ...{ image: target, origin, configDigest: image.configDigest },
    ...{
      size: image.size,
      compressedSize: image.compressedSize ?? null,
      compressedMeasured: image.compressedMeasured,
    },
    layers: imageLayersAsJson(image),
    start:
      'spread' in start
        ? {
            medianMs: start.spread.median,
            minMs: start.spread.min,
            maxMs: start.spread.max,
            runsMs: start.spread.runs,
            probe: start.probe,
          }
        : { notMeasured: start.notMeasured },
    vulnerabilities: vulnerabilities === undefined ? null : vulnerabilities.counts,
  };
}

/** One line of the table and one panel of the chart: a value of each side, or why there is none. */
export type Row = {
  what: string;
  unit: 'bytes' | 'ms' | 'count';
  a: number | undefined;
  b: number | undefined;
};

/** Every number that both sides have or could have, in the order of the three dimensions: size, start, holes. */
export function rowsOf({ a, b }: Comparison): Row[] {
  const row = (what: string, unit: Row['unit'], of: (side: Side) => number | undefined): Row => ({
    what,
    unit,
    a: of(a),
    b: of(b),
  });
  const start = (of: 'median' | 'min' | 'max') => (side: Side) =>
    'spread' in side.start ? side.start.spread[of] : undefined;
  const counted = [a, b].some(({ vulnerabilities }) => vulnerabilities !== undefined);
  const holes = vulnerabilitySeverities
    .filter(
      (severity) =>
        ['critical', 'high'].includes(severity) ||
        [a, b].some(({ vulnerabilities }) => (vulnerabilities?.counts[severity] ?? 0) > 0),
    )
    .map((severity) =>
      row(`known holes, ${severity}`, 'count', ({ vulnerabilities }) => vulnerabilities?.counts[severity]),
    );
  return [
    row('size', 'bytes', ({ image }) => image.size),
    row('size compressed', 'bytes', ({ image }) => image.compressedSize),
    row('layers', 'count', ({ image }) => image.layers.length),
    row(
      'wasted',
      'bytes',
      ({ image: { wasted } }) => wasted.overwritten + wasted.removed + wasted.duplicated,
    ),
    row('start, median', 'ms', start('median')),
    row('start, fastest', 'ms', start('min')),
    row('start, slowest', 'ms', start('max')),
    ...(counted ? holes : []),
  ];
}
