/**
 * Text -> the values in it, each with the lines on which its parts stand. JSON is one value; YAML may hold several
 * documents, and its aliases are followed only as far as the limits allow.
 */
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import type { FileProblem } from '../spec/problems.ts';
import { nodeValue } from './node-value.ts';

/** A value of a file. `prefix` is its own path where it is one of a list, empty otherwise. */
export interface SpecDocument {
  readonly file: string;
  readonly value: unknown;
  readonly prefix: string;
  /** The line, from 1, of what a path names, or of the nearest around it; undefined in JSON too long for YAML's reader. */
  readonly lineOf: (path: string) => number | undefined;
}

/**
 * What one file may hold; more than five thousand objectives is a mistake. YAML is read at less than a megabyte a second, and of
 * what breaks its grammar the first faults tell, the others follow from them.
 */
export const limits = {
  jsonCharacters: 8_000_000,
  yamlCharacters: 2_000_000,
  documents: 10_000,
  faults: 3,
  problems: 1_000,
} as const;

type Tell = (problem: FileProblem) => void;
type Tree = Document.Parsed | Document;

/**
 * Reads JSON or YAML; documents without content are left out, a list counts as the documents in it.
 * @param file what the problems call it
 * @param tell is told what cannot be read; what can is answered nevertheless
 * @param warn is told what YAML allows and seldom means
 */
export function readDocuments(text: string, file: string, tell: Tell, warn: Tell): readonly SpecDocument[] {
  const json = readJson(text);
  if (json) {
    let trees: Trees | undefined;
    const lineOf = (path: string) => {
      if (text.length > limits.yamlCharacters) return undefined;
      trees ??= parseYaml(text);
      const tree = trees.trees[0];
      return tree === undefined ? 1 : lineIn(tree, trees.lines, path);
    };
    return items({ file, value: json.value, prefix: '', lineOf });
  }
  if (text.length <= limits.yamlCharacters) return readYaml(text, file, tell, warn);
  const message = `has ${text.length} characters, more than the ${limits.yamlCharacters} that are read as YAML; split it`;
  tell({ file, path: '', message });
  return [];
}

function readJson(text: string): { readonly value: unknown } | undefined {
  if (text.length > limits.jsonCharacters || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    // YAML holds all of JSON, and tells the line of what is wrong.
    return undefined;
  }
}

interface Trees {
  readonly trees: readonly Tree[];
  readonly lines: LineCounter;
}

function parseYaml(text: string): Trees {
  const lines = new LineCounter();
  // The library looks for keys that stand twice by comparing each with each; nodeValue does it faster.
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false } as const;
  return { trees: parseAllDocuments(text, options), lines };
}

function readYaml(text: string, file: string, tell: Tell, warn: Tell): readonly SpecDocument[] {
  const { trees, lines } = parseYaml(text);
  if (trees.length > limits.documents) {
    const message = `has ${trees.length} documents, more than the ${limits.documents} that are read; split it`;
    tell({ file, path: '', message });
    return [];
  }
  return trees.flatMap((tree) => {
    const at = (pos: number, message: string) => ({ file, line: lines.linePos(pos).line, path: '', message });
    for (const { message, pos } of tree.warnings) warn(at(pos[0], message));
    for (const { message, pos } of faultsOf(tree)) tell(at(pos[0], message));
    if (tree.errors.length > 0) return [];
    const read = nodeValue(tree.contents as Node | null);
    if ('fault' in read) {
      tell(at(read.offset, read.fault));
      return [];
    }
    if (read.value === null) return [];
    return items({ file, value: read.value, prefix: '', lineOf: (path) => lineIn(tree, lines, path) });
  });
}

/** The first faults; the library reads by recursion, and tells the end of its stack like any other. */
function faultsOf({
  errors,
}: Tree): readonly { readonly message: string; readonly pos: readonly [number, number] }[] {
  const tooDeep = errors.find(({ message }) => message.includes('call stack'));
  if (tooDeep) return [{ message: 'is nested too deeply', pos: tooDeep.pos }];
  return errors.slice(0, limits.faults).map(({ message, pos }) => ({ message: `not YAML: ${message}`, pos }));
}

/** The items of a list, or the document itself. */
function items(document: SpecDocument): readonly SpecDocument[] {
  if (!Array.isArray(document.value)) return [document];
  return document.value.map((value: unknown, index) => ({ ...document, value, prefix: `[${index}]` }));
}

/** Follows a path as far as it leads; aliases end it. */
function lineIn(tree: Tree, lines: LineCounter, path: string): number {
  let node: unknown = tree.contents;
  let offset = startOf(node) ?? 0;
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (isSeq(node) && index !== undefined) node = node.items[Number(index)];
    else if (isMap(node) && name !== undefined) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
      offset = startOf(pair?.key) ?? offset;
      node = pair?.value;
    } else break;
    if (index !== undefined) offset = startOf(node) ?? offset;
    if (node === undefined) break;
  }
  return lines.linePos(offset).line;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
