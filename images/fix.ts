import type { Finding } from './finding.ts';
import type { Edit } from './rules/rule.ts';

/** A text after its mends, and which findings they belong to. */
export type Fixed = { text: string; mended: readonly Finding[] };

/**
 * Makes the mends that findings carry for one file; every line that none of them names keeps its bytes, and so does
 * every line end. Of mends that overlap the first one is made: the others come with the next run.
 * @param file as the edits name it
 */
export function applyFixes(text: string, file: string | undefined, findings: readonly Finding[]): Fixed {
  const lines = text.split('\n');
  const end = lines.some((line) => line.endsWith('\r')) ? '\r' : '';
  const taken: Edit[] = [];
  const mended = findings.filter(({ fix }) => {
    const edits = fix ?? [];
    const own = edits.filter((edit) => edit.file === file);
    if (own.length === 0 || own.length !== edits.length || own.some((edit) => overlaps(edit, taken)))
      return false;
    taken.push(...own);
    return true;
  });
  for (const { startLine, endLine, lines: after } of taken.sort((a, b) => b.startLine - a.startLine)) {
    lines.splice(startLine - 1, Math.max(0, endLine - startLine + 1), ...after.map((line) => line + end));
  }
  return { text: lines.join('\n'), mended };
}

/** An insertion, whose endLine is before its startLine, takes the place in front of its line. */
function overlaps({ startLine, endLine }: Edit, taken: readonly Edit[]): boolean {
  const last = Math.max(startLine, endLine);
  return taken.some(
    (other) => startLine <= Math.max(other.startLine, other.endLine) && other.startLine <= last,
  );
}
