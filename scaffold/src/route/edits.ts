/** Text in the place of what stands from `from` to `to`. */
export type Edit = { from: number; to: number; text: string };

/** The text with all edits; they do not overlap. */
export function edited(whole: string, edits: readonly Edit[]): string {
  let [result, at] = ['', 0];
  for (const { from, to, text: inserted } of edits.toSorted((a, b) => a.from - b.from)) {
    result += whole.slice(at, from) + inserted;
    at = to;
  }
  return result + whole.slice(at);
}

/** The line, from 1, that what stands at an index has after the edits. */
export function lineAfter(whole: string, index: number, edits: readonly Edit[]): number {
  const before = edits.filter(({ from }) => from < index);
  return edited(whole.slice(0, index), before).split('\n').length;
}
