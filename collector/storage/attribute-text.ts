import type { AttributeValue } from '../telemetry/model.ts';

/** An attribute's value (or a log body) as text: strings as they are, nothing as '', lists and maps as JSON. */
export function attributeText(value: AttributeValue | undefined): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') {
    return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner));
  }
  return String(value);
}
