/**
 * A value as Go's json.Marshal writes it: what could end a script in HTML is escaped. Numbers, keys in order and control
 * characters are written alike by both (https://pkg.go.dev/encoding/json#Marshal).
 */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
