import type { File } from '../disk.ts';
import { decodeText } from './file.ts';
import { differences } from './lines.ts';
import { split } from './text.ts';

/** Lines around a difference, as diff -u and git have them. */
const context = 3;

type Difference = ReturnType<typeof differences>[number];

/** A file before and after a change; undefined where there is none. */
type Change = { path: string; before: File | undefined; after: File | undefined };

/** What changes in a file, as `git apply` takes it; empty where it changes nothing. */
export function unifiedDiff({ path, before, after }: Change): string {
  if (before === after || (before && after && Buffer.compare(before.bytes, after.bytes) === 0)) return '';
  const [old, now] = [before, after].map((file) => (file === undefined ? '' : decodeText(file.bytes)));
  const head = [`diff --git a/${path} b/${path}`, ...modeLines(before, after)];
  if (old === undefined || now === undefined)
    return `${[...head, `Binary files a/${path} and b/${path} differ`].join('\n')}\n`;
  const names = [before ? `--- a/${path}` : '--- /dev/null', after ? `+++ b/${path}` : '+++ /dev/null'];
  return `${[...head, ...names, ...hunks(withEnds(old), withEnds(now))].join('\n')}\n`;
}

function modeLines(before: File | undefined, after: File | undefined): string[] {
  const mode = (file: File) => (file.mode & 0o100 ? '100755' : '100644');
  if (before === undefined) return after === undefined ? [] : [`new file mode ${mode(after)}`];
  return after === undefined ? [`deleted file mode ${mode(before)}`] : [];
}

/** The lines of a text; the last one says so when it has no end, which makes it another line than one that has. */
function withEnds(text: string): string[] {
  const { lines, ended } = split(text);
  return ended ? lines : [...lines.slice(0, -1), `${lines.at(-1)}\n\\ No newline at end of file`];
}

function hunks(before: readonly string[], after: readonly string[]): string[] {
  const lines: string[] = [];
  let shift = 0;
  for (const group of grouped(differences(before, after))) {
    const [first, last] = [group[0]!, group.at(-1)!];
    const start = Math.max(0, first[0] - context);
    const end = Math.min(before.length, last[0] + last[1].length + context);
    const grown = group.reduce((sum, [, removed, added]) => sum + added.length - removed.length, 0);
    lines.push(`@@ -${range(start, end - start)} +${range(start + shift, end - start + grown)} @@`);
    let at = start;
    for (const [from, removed, added] of group) {
      lines.push(...before.slice(at, from).map((line) => ` ${line}`));
      lines.push(...removed.map((line) => `-${line}`), ...added.map((line) => `+${line}`));
      at = from + removed.length;
    }
    lines.push(...before.slice(at, end).map((line) => ` ${line}`));
    shift += grown;
  }
  return lines;
}

/** Differences whose contexts meet stand in one hunk. */
function grouped(found: readonly Difference[]): Difference[][] {
  const groups: Difference[][] = [];
  for (const difference of found) {
    const last = groups.at(-1)?.at(-1);
    if (last !== undefined && difference[0] - (last[0] + last[1].length) <= 2 * context)
      groups.at(-1)!.push(difference);
    else groups.push([difference]);
  }
  return groups;
}

/** Lines are counted from 1; an empty range names the line before it. */
function range(start: number, length: number): string {
  return `${length === 0 ? start : start + 1},${length}`;
}
