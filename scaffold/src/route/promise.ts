import { thresholdRange } from '../../../slo/index.ts';
import { usage } from '../errors.ts';
import type { RoutePattern } from './pattern.ts';

/** What a route promises: ratios as decimals, the threshold in whole nanoseconds; nothing at all is slo.None. */
export type Objective = { availability?: string; latency?: { ratio: string; thresholdNanos: number } };

/** Which share of a route's traces is stored: a ratio as a decimal, or one of the telemetry package's names. */
export type Sampling = 'Default' | 'Always' | { ratio: string };

/** The flags of `route add` that say it. */
export type PromiseFlags = { objective?: string; latency?: string; threshold?: string; sample?: string };

const defaults = { objective: '0.999', latency: '0.99', threshold: '250ms' };

/**
 * The objective that the flags ask for: 99.9 % without failure and 99 % within 250 ms unless they say otherwise.
 * @throws CliError (exit code 2)
 */
export function readObjective({ objective, latency, threshold }: PromiseFlags): Objective {
  if (objective === 'none') {
    if ((latency ?? 'none') === 'none' && threshold === undefined) return {};
    throw usage(
      '--objective none promises nothing at all: leave out --latency and --threshold, or give a ratio such as 0.999. Nothing was written.',
    );
  }
  const availability = readRatio('--objective', objective ?? defaults.objective);
  if (latency === 'none') {
    if (threshold !== undefined) throw usage('--threshold needs a --latency other than none.');
    return { availability };
  }
  const ratio = readRatio('--latency', latency ?? defaults.latency);
  return { availability, latency: { ratio, thresholdNanos: readDuration(threshold ?? defaults.threshold) } };
}

/**
 * The sampling that --sample asks for. Without it payments are always stored, as the service came, and all else is
 * sampled by default.
 * @throws CliError (exit code 2)
 */
export function readSampling(sample: string | undefined, { path }: RoutePattern): Sampling {
  if (sample === undefined) return /^\/payments?(?:\/|$)/.test(path) ? 'Always' : 'Default';
  if (sample === 'always') return 'Always';
  if (sample === 'default') return 'Default';
  if (/^[01](?:\.0*)?$/.test(sample)) return { ratio: sample[0]! };
  const ratio = ratioOf(sample);
  if (ratio !== undefined) return { ratio };
  const meant = /^\d{1,2}(?:\.\d+)?$/.test(sample) ? ` Did you mean ${sample}%?` : '';
  throw usage(
    `--sample ${sample}: give the share of traces stored, from 0 to 1 such as 0.2 or 20%, or always or default.${meant} Nothing was written.`,
  );
}

function readRatio(flag: string, given: string): string {
  const ratio = ratioOf(given);
  if (ratio !== undefined) return ratio;
  const meant = /^\d{2}(?:\.\d+)?$/.test(given) ? ` Did you mean ${given}%?` : '';
  throw usage(
    `${flag} ${given}: give a ratio between 0 and 1, such as 0.999 or 99.9% or none.${meant} Nothing was written.`,
  );
}

/** A ratio between 0 and 1, both excluded, as a plain decimal: digits are moved and never rounded. */
function ratioOf(given: string): string | undefined {
  const found = /^(\d{0,3})(?:\.(\d{1,15}))?(%)?$/.exec(given.trim());
  const [, whole = '', fraction = '', percent] = found ?? [];
  const digits = `${whole.padStart(3, '0')}${fraction}`;
  const point = percent === undefined ? 3 : 1;
  const ratio = `${digits.slice(0, point)}.${digits.slice(point)}`
    .replace(/^0+(?=\d)/, '')
    .replace(/0+$/, '');
  return found !== null && Number(ratio) > 0 && Number(ratio) < 1 ? ratio : undefined;
}

const nanos: Readonly<Record<string, number>> = {
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** A duration as Go writes it, in whole nanoseconds and in the range of slo.json. */
function readDuration(given: string): number {
  const found = /^(\d{1,6}(?:\.\d{1,6})?)(us|µs|ms|s|m|h)$/.exec(given.trim());
  if (found === null) {
    const meant = /^\d+$/.test(given) ? ` Did you mean ${given}ms?` : '';
    throw usage(`--threshold ${given}: give a duration such as 250ms or 1.5s.${meant} Nothing was written.`);
  }
  const value = Math.round(Number(found[1]) * nanos[found[2]!]!);
  const { min, max } = thresholdRange;
  if (value >= min * 1e9 && value <= max * 1e9) return value;
  throw usage(
    `--threshold ${given}: give a duration from ${min * 1e6}us to ${max / 3600}h. Nothing was written.`,
  );
}

/** The threshold as a Go engineer writes it: `250 * time.Millisecond`. */
export function durationText(thresholdNanos: number, time: string): string {
  const units = [
    ['Hour', 3600e9],
    ['Minute', 60e9],
    ['Second', 1e9],
    ['Millisecond', 1e6],
    ['Microsecond', 1e3],
  ] as const;
  const unit = units.find(([, size]) => thresholdNanos % size === 0);
  if (unit === undefined) return `${thresholdNanos} * ${time}Nanosecond`;
  const count = thresholdNanos / unit[1];
  return count === 1 ? `${time}${unit[0]}` : `${count} * ${time}${unit[0]}`;
}

/** `slo.Objective{…}` or `slo.None`; `slo` and `time` are the packages' names with their dot, or empty. */
export function objectiveText({ availability, latency }: Objective, slo: string, time: string): string {
  const fields = [
    ...(availability === undefined ? [] : [`Availability: ${availability}`]),
    ...(latency === undefined
      ? []
      : [`Latency: ${latency.ratio}`, `Threshold: ${durationText(latency.thresholdNanos, time)}`]),
  ];
  return fields.length === 0 ? `${slo}None` : `${slo}Objective{${fields.join(', ')}}`;
}

/** `telemetry.Default`, `telemetry.Always` or `telemetry.Ratio(0.2)`. */
export function samplingText(sampling: Sampling, telemetry: string): string {
  return typeof sampling === 'string' ? telemetry + sampling : `${telemetry}Ratio(${sampling.ratio})`;
}
