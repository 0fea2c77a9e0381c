import { olderSpanAttribute, spanAttribute } from '../../slo/index.ts';
import { type Attributes, type AttributeValue, SPAN_KINDS } from '../telemetry/model.ts';

/** An attribute's value as the reader sees it. */
export function valueText(value: AttributeValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
}

/** Attributes as a list in the order in which they came. */
export function attributeList(attributes: Attributes): { key: string; value: string }[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueText(value) }));
}

/** What a span is called in texts: system and operation of a database call (`redis.GET`), else its name. */
export function spanLabel(name: string, kind: number, attributes: Attributes | undefined): string {
  if (!attributes || SPAN_KINDS[kind] !== 'client') return name;
  const system = valueText(attributes[spanAttribute.dbSystem] ?? attributes[olderSpanAttribute.dbSystem]);
  const operation = valueText(
    attributes[spanAttribute.dbOperation] ?? attributes[olderSpanAttribute.dbOperation],
  );
  return system && operation ? `${system}.${operation}` : name;
}
