import type { Attributes, AttributeValue } from '../../telemetry/model.ts';
import type { OtlpMessage } from './messages.ts';

/** Sets one attribute; a key like `__proto__` becomes a key, not a prototype. */
function setAttribute(attributes: Record<string, AttributeValue>, key: string, value: AttributeValue): void {
  if (key === '__proto__') {
    Object.defineProperty(attributes, key, { value, enumerable: true, configurable: true, writable: true });
  } else attributes[key] = value;
}

/** Attributes of the model from KeyValue messages; of a repeated key the last counts. */
export function toAttributes(pairs: readonly OtlpMessage<'KeyValue'>[] | undefined): Attributes {
  const attributes: Attributes = {};
  for (const { key, value } of pairs ?? []) setAttribute(attributes, key ?? '', toValue(value));
  return attributes;
}

/**
 * A value of the model: 64-bit integers as numbers where they fit exactly and as bigint where not, bytes as
 * base64 text (as OTLP/JSON writes them), an empty AnyValue as null.
 */
export function toValue(value: OtlpMessage<'AnyValue'> | undefined): AttributeValue {
  if (!value) return null;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) {
    const number = Number(value.intValue);
    return Number.isSafeInteger(number) ? number : value.intValue;
  }
  if (value.doubleValue !== undefined) return value.doubleValue;
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(toValue);
  if (value.kvlistValue !== undefined) return toAttributes(value.kvlistValue.values);
  if (value.bytesValue !== undefined) return Buffer.from(value.bytesValue).toString('base64');
  return null;
}
