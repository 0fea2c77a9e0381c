import { type Conflict, mergeLines, mergeWithoutBase } from './lines.ts';

/** Three versions of a text: as it was emitted (absent when the user made the file), the user's, the template's. */
export type Versions<T = string> = { base: T | undefined; ours: T; theirs: T };

/** A merged text and the numbers, from 1, of the lines where its conflicts begin. */
export type MergedText = { text: string; conflicts: readonly number[] };

/** How a merge of LF texts is done. */
export type Merge = (versions: Versions) => MergedText;

/** The lines of a text without their ends, and whether the last one has an end. */
type Lines = { lines: string[]; ended: boolean };

/**
 * Merges line by line; conflicts stand in the text between git's markers.
 * @param label what the end marker calls the template's side
 * @param settle gives the lines of a conflict that needs no person
 */
export function lineMerge(label: string, settle?: (conflict: Conflict) => string[] | undefined): Merge {
  return ({ base, ours, theirs }) => {
    const [o, a, b] = [base === undefined ? undefined : split(base), split(ours), split(theirs)];
    const pieces =
      o === undefined ? mergeWithoutBase(a.lines, b.lines) : mergeLines(o.lines, a.lines, b.lines);
    const lines: string[] = [];
    const conflicts: number[] = [];
    for (const piece of pieces) {
      const plain = 'lines' in piece ? piece.lines : settle?.(piece.conflict);
      if (plain === undefined && 'conflict' in piece) {
        conflicts.push(lines.length + 1);
        pushAll(lines, marked(piece.conflict, label));
      } else pushAll(lines, plain ?? []);
    }
    const endsInMarker = conflicts.length > 0 && lines.at(-1) === `>>>>>>> ${label}`;
    const ended = endsInMarker || (o !== undefined && a.ended === o.ended ? b.ended : a.ended);
    return { text: join({ lines, ended }), conflicts };
  };
}

function marked({ ours, base, theirs }: Conflict, label: string): string[] {
  return ['<<<<<<< yours', ...ours, '||||||| base', ...base, '=======', ...theirs, `>>>>>>> ${label}`];
}

/** Numbers, from 1, of the lines where git's or our conflict markers begin and no one resolved them. */
export function conflictLines(text: string): number[] {
  const found: number[] = [];
  let open: number | undefined;
  text.split('\n').forEach((line, i) => {
    if (line.startsWith('<<<<<<< ')) open = i + 1;
    else if (line.startsWith('>>>>>>> ') && open !== undefined) {
      found.push(open);
      open = undefined;
    }
  });
  return found;
}

/**
 * Merges what may have CRLF line ends: the merge sees LF only, and its result has the ends that most of the user's
 * lines have. Versions that agree up to their line ends are not merged at all.
 */
export function mergeText({ base, ours, theirs }: Versions, merge: Merge): MergedText {
  const crlf = hasCrlf(ours);
  const read = (text: string) => (crlf || hasCrlf(text) ? text.replaceAll('\r\n', '\n') : text);
  const [o, a, b] = [base === undefined ? undefined : read(base), read(ours), read(theirs)];
  if (a === b || o === b) return { text: ours, conflicts: [] };
  const { text, conflicts } = o === a ? { text: b, conflicts: [] } : merge({ base: o, ours: a, theirs: b });
  return { text: crlf ? text.replaceAll('\n', '\r\n') : text, conflicts };
}

function hasCrlf(text: string): boolean {
  const ends = text.split('\n').length - 1;
  return ends > 0 && (text.split('\r\n').length - 1) * 2 > ends;
}

/** The lines of a text; the empty text has none, and counts as ended. */
export function split(text: string): Lines {
  const lines = text.split('\n');
  const ended = lines.at(-1) === '';
  if (ended) lines.pop();
  return { lines, ended };
}

function join({ lines, ended }: Lines): string {
  const end = ended || lines.at(-1) === ''; // an empty last line is one only by its end
  return lines.join('\n') + (end && lines.length > 0 ? '\n' : '');
}

/** `push(...items)` overflows the stack from some 100,000 items on. */
function pushAll(lines: string[], more: readonly string[]): void {
  for (const line of more) lines.push(line);
}
