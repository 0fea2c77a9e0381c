/** Log lines put together again from a sealed block's columns. */
import type { AttributeColumns } from './attribute-columns.ts';
import { TYPE } from './layout.ts';

/** The bytes of line `i`. */
export function rebuiltLine(columns: AttributeColumns, i: number): Uint8Array {
  const parts: string[] = [];
  for (const { entry, key, value } of columns.rawValues(i)) {
    if (entry.type === TYPE.line || entry.type === TYPE.plainLine) return value;
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
    parts.push(`"${key}":${entry.type === TYPE.text ? `"${text}"` : text}`);
  }
  return Buffer.from(`{${parts.join(',')}}`);
}
