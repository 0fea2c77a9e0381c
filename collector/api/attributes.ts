import { attributeText } from '../storage/attribute-text.ts';
import type { Attributes } from '../telemetry/model.ts';

/** Attributes as a list in the order in which they came. */
export function attributeList(attributes: Attributes): { key: string; value: string }[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: attributeText(value) }));
}
