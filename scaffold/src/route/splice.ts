import { endOfLine, type Insertion, indentAt, isFirstOnLine, lineEnd } from '../go/splice.ts';
import { type GoNode, parts } from '../go/syntax.ts';
import { type EntryTexts, entryText } from './entry.ts';
import type { RouteTable } from './table.ts';

/** The insertion that adds one route behind the last one of the table, in the form of its neighbours. */
export function routeInsertion(table: RouteTable, texts: EntryTexts): Insertion {
  const { place, file, form, fields } = table;
  const { text } = file;
  if (place.kind === 'statement') {
    const { after, head, tail } = place;
    const at = endOfLine(text, after.endIndex, after.parent?.children ?? []);
    const [indent, eol] = [indentAt(text, after.startIndex), lineEnd(text, at)];
    return { at, text: `${eol}${indent}${head}${entryText(form, fields, texts, { indent, eol })}${tail}` };
  }
  const last = parts(place.list).at(-1);
  if (last === undefined) return intoEmpty(table, place.list, texts);
  const close = place.list.children.at(-1)!;
  if (last.endPosition.row === close.startPosition.row) {
    const [indent, eol] = [indentAt(text, last.endIndex), lineEnd(text, last.startIndex)];
    return { at: last.endIndex, text: `, ${entryText(form, fields, texts, { indent, eol })}` };
  }
  const { children } = place.list;
  const comma = children.find(({ type, startIndex }) => type === ',' && startIndex >= last.endIndex);
  const at = endOfLine(text, (comma ?? last).endIndex, children);
  const eol = lineEnd(text, at);
  const indent = isFirstOnLine(text, last.startIndex)
    ? indentAt(text, last.startIndex)
    : `${indentAt(text, close.startIndex)}\t`;
  return { at, text: `${eol}${indent}${entryText(form, fields, texts, { indent, eol })},` };
}

/** Between the braces of `[]Route{}`, or behind the comments that stand alone there. */
function intoEmpty({ file, form, fields }: RouteTable, list: GoNode, texts: EntryTexts): Insertion {
  const { text } = file;
  const [open, close] = [list.children[0]!, list.children.at(-1)!];
  const comment = list.children.findLast(({ type }) => type === 'comment');
  const [outer, eol] = [indentAt(text, close.startIndex), lineEnd(text, open.startIndex)];
  const indent = `${outer}\t`;
  const entry = `${eol}${indent}${entryText(form, fields, texts, { indent, eol })},`;
  if (open.startPosition.row === close.startPosition.row) {
    return { at: open.endIndex, text: `${entry}${eol}${outer}` };
  }
  return { at: endOfLine(text, (comment ?? open).endIndex, list.children), text: entry };
}
