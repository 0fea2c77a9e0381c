import {
  type Color,
  datasourceVariable,
  type Format,
  type Limit,
  type Unit,
  type ValueText,
} from '../model.ts';
import type { Plugin } from './schema.ts';

export const datasource = `$${datasourceVariable}`;

/** Hexadecimal, because Perses takes nothing else where values are mapped. */
const colors: Readonly<Record<Color, string>> = {
  green: '#56a64b',
  orange: '#ff9830',
  red: '#e02f44',
  grey: '#8e8e8e',
};

/** Grafana's units as Perses names them. Source: https://github.com/perses/shared/blob/main/cue/common/format.cue */
const units: Readonly<Record<Unit, string>> = {
  bytes: 'bytes',
  cps: 'counts/sec',
  m: 'minutes',
  ops: 'ops/sec',
  percentunit: 'percent-decimal',
  reqps: 'requests/sec',
  s: 'seconds',
  short: 'decimal',
};

/** Units that Perses shortens: 1,200 to 1.2k. */
const shortened: ReadonlySet<Unit> = new Set(['bytes', 'cps', 'ops', 'reqps', 'short']);

export function format({ unit, decimals }: Pick<Format, 'unit' | 'decimals'>): object {
  return {
    unit: units[unit],
    ...(decimals === undefined ? {} : { decimalPlaces: decimals }),
    ...(shortened.has(unit) ? { shortValues: true } : {}),
  };
}

/** Green on the good side of the limit, red on the other. */
export function thresholds({ value, worse }: Limit): object {
  const [low, high] = worse === 'below' ? [colors.red, colors.green] : [colors.green, colors.red];
  return { mode: 'absolute', defaultColor: low, steps: [{ value, color: high }] };
}

/** Words in place of values. */
export function mappings(texts: readonly ValueText[], nothing?: string): Plugin[] {
  const values = texts.map(({ value, text, color }) => ({
    kind: 'Value',
    spec: { value: String(value), result: { value: text, ...(color ? { color: colors[color] } : {}) } },
  }));
  const none = { kind: 'Misc', spec: { value: 'null', result: { value: nothing } } };
  return nothing === undefined ? values : [...values, none];
}

/** How cells of a table with such values are shown. */
export function cellSettings({ texts = [], limit }: Pick<Format, 'texts' | 'limit'>): object[] {
  const words = texts.map(({ value, text, color }) => ({
    condition: { kind: 'Value', spec: { value: String(value) } },
    text,
    ...(color ? { textColor: colors[color] } : {}),
  }));
  if (!limit) return words;
  // The schema compares the upper end with the lower one, so that both have to be there.
  const range =
    limit.worse === 'below' ? { min: -farAway, max: limit.value } : { min: limit.value, max: farAway };
  return [...words, { condition: { kind: 'Range', spec: range }, textColor: colors.red }];
}

/** Beyond any value that a table of ours shows. */
const farAway = 1e12;

export function annotationColor(color: Color): string {
  return colors[color];
}
