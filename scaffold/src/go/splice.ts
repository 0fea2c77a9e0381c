import { type GoImport, importsOf } from './package.ts';
import { type GoFile, type GoNode, parts, within } from './syntax.ts';

/** Text that comes into a file at an index of its text; nothing ever leaves. */
export type Insertion = { at: number; text: string };

/** The text with all insertions; of two at one index the first comes first. */
export function spliced(text: string, insertions: readonly Insertion[]): string {
  let [result, from] = ['', 0];
  for (const { at, text: inserted } of insertions.toSorted((a, b) => a.at - b.at)) {
    result += text.slice(from, at) + inserted;
    from = at;
  }
  return result + text.slice(from);
}

/** The line end that stands where the line of `at` ends; that of the file's first line when it is the last one. */
export function lineEnd(text: string, at: number): string {
  const found = text.indexOf('\n', at);
  const end = found < 0 ? text.indexOf('\n') : found;
  return end > 0 && text[end - 1] === '\r' ? '\r\n' : '\n';
}

/** The blanks that the line of `at` begins with. */
export function indentAt(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1))![0];
}

/** Whether nothing but blanks stands before `at` on its line. */
export function isFirstOnLine(text: string, at: number): boolean {
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, at).trim() === '';
}

/** Where the line of `at` ends, behind comments that begin on it, before its line end. */
export function endOfLine(text: string, at: number, siblings: readonly GoNode[]): number {
  let end = at;
  for (const { type, startIndex, endIndex } of siblings) {
    const same = startIndex >= end && !text.slice(end, startIndex).includes('\n');
    if (type === 'comment' && same) end = endIndex;
  }
  const newline = text.indexOf('\n', end);
  if (newline < 0) return text.length;
  if (text.slice(end, newline).trim() !== '') return end;
  return text[newline - 1] === '\r' ? newline - 1 : newline;
}

/**
 * Inserts the import of a package where gofmt and a reader expect it: sorted into the group of its kind, or as a group
 * of its own. Nothing is moved, whatever the block looks like.
 * @param module path of the service's own module, whose packages stand apart from the standard library's
 */
export function importInsertion(file: GoFile, path: string, module: string): Insertion {
  const { text, root } = file;
  const declarations = parts(root).filter(({ type }) => type === 'import_declaration');
  const last = declarations.at(-1);
  const block = declarations.find((declaration) => within(declaration, 'import_spec_list').length > 0);
  const specs = importsOf({ ...file, root: block ?? root });
  if (block === undefined || specs.length === 0) {
    const after = last ?? parts(root).find(({ type }) => type === 'package_clause') ?? root;
    const at = endOfLine(text, after.endIndex, root.children);
    const eol = lineEnd(text, at);
    return { at, text: `${last === undefined ? eol : ''}${eol}import ${JSON.stringify(path)}` };
  }
  const siblings = within(block, 'import_spec_list')[0]!.children;
  const lineEndOf = ({ node }: GoImport) => endOfLine(text, node.endIndex, siblings);
  const kind = kindOf(path, module);
  const group = groupsOf(text, specs).find((members) => kindOf(members[0]!.path, module) === kind);
  const line = JSON.stringify(path);
  const next = group?.findIndex((spec) => spec.path > path) ?? -1;
  if (group !== undefined && next > 0 && !isAligned(text, group, next, siblings)) {
    const at = lineEndOf(group[next - 1]!);
    return { at, text: `${lineEnd(text, at)}\t${line}` };
  }
  const first = next === 0 ? group![0]! : specs[0]!;
  const leads = next === 0 || (group === undefined && kind === 'standard');
  if (leads && !isCommentAbove(text, first.node.startIndex)) {
    const at = first.node.startIndex;
    const eol = lineEnd(text, at);
    return { at, text: `${line}${eol}${group === undefined ? eol : ''}\t` };
  }
  const at = lineEndOf(group?.at(-1) ?? specs.at(-1)!);
  const eol = lineEnd(text, at);
  return { at, text: `${eol}${group !== undefined && next < 0 ? '' : eol}\t${line}` };
}

/** Whether comments stand in one column on both sides of the place: a line without one would part them. */
function isAligned(
  text: string,
  group: readonly GoImport[],
  next: number,
  siblings: readonly GoNode[],
): boolean {
  const commented = group.map(
    ({ node }) => endOfLine(text, node.endIndex, siblings) !== endOfLine(text, node.endIndex, []),
  );
  return commented.slice(0, next).includes(true) && commented.slice(next).includes(true);
}

/** Runs of imports without a blank line or a comment between them: gofmt sorts each for itself. */
function groupsOf(text: string, specs: readonly GoImport[]): GoImport[][] {
  const groups: GoImport[][] = [];
  let row = -2;
  for (const spec of specs) {
    const { startPosition, endPosition } = spec.node;
    if (startPosition.row !== row + 1) groups.push([]);
    groups.at(-1)!.push(spec);
    row = endPosition.row;
  }
  return groups.filter((group) => group.every(({ node }) => isFirstOnLine(text, node.startIndex)));
}

type Kind = 'standard' | 'own' | 'foreign';

function kindOf(path: string, module: string): Kind {
  if (path === module || path.startsWith(`${module}/`)) return 'own';
  return path.split('/')[0]!.includes('.') ? 'foreign' : 'standard';
}

function isCommentAbove(text: string, at: number): boolean {
  const start = text.lastIndexOf('\n', at - 1);
  const above = text.slice(text.lastIndexOf('\n', start - 1) + 1, Math.max(start, 0)).trim();
  return above.startsWith('//') || above.endsWith('*/');
}
