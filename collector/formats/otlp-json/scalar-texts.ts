/** Standard or URL-safe alphabet, padded or not, as protobuf's JSON mapping takes both. */
export function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/_-]*={0,2}$/.test(text);
}

/** The double that a text stands for: a number, or one of the three that JSON has no number for. */
export function doubleOfText(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN;
  if (text === 'Infinity' || text === '-Infinity') return Number(text);
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}
