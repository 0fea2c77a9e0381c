import { expand } from '../../../dockerfile/stages.ts';
import type { Step } from './steps.ts';

/** A text of the step's instruction with the variables expanded that have a value there, quotes taken off. */
export function valueIn({ scope, escapeToken }: Step, text: string): string {
  return expand(text, scope, escapeToken).text;
}

/** As `valueIn`; undefined where a variable in it has no value. */
export function knownValueIn({ scope, escapeToken }: Step, text: string): string | undefined {
  const { text: value, unresolved } = expand(text, scope, escapeToken);
  return unresolved.some((name) => isBare(name, text)) ? undefined : value;
}

/** Whether a variable stands there without a value of its own to fall back on, as `${NAME:-value}` has one. */
export function isBare(name: string, text: string): boolean {
  const plain = name.replace(/[^A-Za-z0-9_]/g, '\\$&');
  return new RegExp(`\\$(?:${plain}(?!\\w)|\\{${plain}(?:\\}|:?[?]))`).test(text);
}
