import { label, resourceAttribute, serviceMetric, unknownService } from '../../../slo/index.ts';
import type { AttributeValue, SeriesInfo, SeriesKind, Temporality } from '../../telemetry/model.ts';
import { prometheusLabel, prometheusName, withTarget } from '../prometheus-names.ts';
import { toAttributes } from './attributes.ts';
import type { OtlpMessage } from './messages.ts';

export type Labels = Record<string, string>;

/** What all points of one metric share. */
export interface Family {
  name: string;
  kind: SeriesKind;
  temporality: Temporality;
}

/** What kind of metric it is; `temporality` is OTLP's number. */
export interface MetricShape {
  type: 'gauge' | 'sum' | 'histogram' | 'summary';
  isMonotonic?: boolean | undefined;
  temporality?: number | undefined;
}

const DELTA = 1;
const RESOURCE_IN_LABELS: ReadonlySet<string> = new Set([
  resourceAttribute.serviceName,
  resourceAttribute.serviceNamespace,
  resourceAttribute.serviceInstanceId,
]);

/** The family of a metric, named as Prometheus would. A sum that may fall and counts from the start is a gauge. */
export function familyOf(
  name: string,
  unit: string,
  { type, isMonotonic, temporality }: MetricShape,
): Family {
  const counter = type === 'sum' && isMonotonic === true;
  const named = prometheusName({ name, unit, counter, gauge: type === 'gauge' });
  if (type === 'gauge') return { name: named, kind: 'gauge', temporality: 'none' };
  if (type === 'summary') return { name: named, kind: 'summary', temporality: 'cumulative' };
  // Unspecified is read as cumulative, the SDKs' default.
  const inTime = temporality === DELTA ? 'delta' : 'cumulative';
  if (type === 'histogram') return { name: named, kind: 'histogram', temporality: inTime };
  if (counter) return { name: named, kind: 'counter', temporality: inTime };
  return { name: named, kind: 'gauge', temporality: inTime === 'delta' ? 'delta' : 'none' };
}

/** The series of one resource: what the store holds for the same series is one object, however often it comes. */
export class ResourceSeries {
  /** The resource as a series of its own, as Prometheus keeps it; undefined when it says no more than job and instance. */
  readonly targetInfo: SeriesInfo | undefined;
  readonly #target: Labels;
  readonly #series = new Map<string, SeriesInfo>();

  constructor(resource: OtlpMessage<'Resource'> | undefined) {
    const attributes = toAttributes(resource?.attributes);
    const namespace = labelText(attributes[resourceAttribute.serviceNamespace]);
    const service = labelText(attributes[resourceAttribute.serviceName]) || unknownService;
    const instance = labelText(attributes[resourceAttribute.serviceInstanceId]);
    this.#target = { [label.job]: namespace ? `${namespace}/${service}` : service };
    if (instance !== '') this.#target[label.instance] = instance;
    const rest = Object.entries(attributes).filter(([key]) => !RESOURCE_IN_LABELS.has(key));
    const info = toLabels(Object.fromEntries(rest));
    const family: Family = { name: serviceMetric.targetInfo, kind: 'gauge', temporality: 'none' };
    this.targetInfo = Object.keys(info).length > 0 ? this.of(family, family.name, info) : undefined;
  }

  /** One SeriesInfo per name, labels, kind and temporality, so that a series stands once in a batch. */
  of({ kind, temporality }: Family, name: string, labels: Labels): SeriesInfo {
    const key = JSON.stringify([name, Object.entries(labels).sort(), kind, temporality]);
    let series = this.#series.get(key);
    if (!series) {
      series = { name, labels: withTarget(labels, this.#target), kind, temporality };
      this.#series.set(key, series);
    }
    return series;
  }
}

/** Attributes as labels; of attributes that become one label the values are joined, as the rules have it. */
export function toLabels(attributes: Record<string, AttributeValue>): Labels {
  const labels: Labels = {};
  for (const key of Object.keys(attributes).sort()) {
    const name = prometheusLabel(key);
    const value = labelText(attributes[key]);
    if (name === '' || value === '') continue;
    labels[name] = Object.hasOwn(labels, name) ? `${labels[name]};${value}` : value;
  }
  return labels;
}

function labelText(value: AttributeValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  return JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? String(inner) : inner));
}
