import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { type Color, datasourceVariable, type Format, type Limit } from '../model.ts';

export const datasource = { type: 'prometheus', uid: `\${${datasourceVariable}}` };

/** A colour as Grafana names it, by its theme. */
export function color(of: Color): string {
  return of === 'grey' ? 'text' : of;
}

/** Green on the good side of the limit, red on the other; without one all is green. */
export function thresholds(limit: Limit | undefined): dashboard.ThresholdsConfig {
  const [low, high] = limit?.worse === 'below' ? ['red', 'green'] : ['green', 'red'];
  const steps = [{ value: null, color: low }, ...(limit ? [{ value: limit.value, color: high }] : [])];
  return { mode: dashboard.ThresholdsMode.Absolute, steps };
}

/** Words in place of values. */
export function mappings({ texts = [] }: Pick<Format, 'texts'>): dashboard.ValueMap[] {
  if (texts.length === 0) return [];
  const options = texts.map(({ value, text, color: of }, index) => [
    String(value),
    { text, index, ...(of ? { color: color(of) } : {}) },
  ]);
  return [{ type: dashboard.MappingType.ValueToText, options: Object.fromEntries(options) }];
}
