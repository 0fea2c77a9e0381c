import { Language, type Node, Parser, type Tree } from 'web-tree-sitter';
import { readWasm } from '../package.ts';

/** A node of the syntax tree; its positions are UTF-16 units, as those of a string. */
export type GoNode = Node;

/** A Go file of the package with its tree. */
export type GoFile = {
  /** Name in the package's folder. */
  name: string;
  text: string;
  root: GoNode;
  /** Line (from 1) of the first thing that is no Go, if anything is. */
  brokenLine: number | undefined;
};

/** Reads one Go file. */
export type ParseGo = (name: string, text: string) => GoFile;

/**
 * Loads the grammar and gives `work` a parser; every tree it made is freed when `work` ends.
 * The grammar is MIT-licensed: https://github.com/tree-sitter/tree-sitter-go
 */
export async function withGoParser<T>(work: (parse: ParseGo) => Promise<T> | T): Promise<T> {
  await Parser.init({ wasmBinary: readWasm('web-tree-sitter/web-tree-sitter.wasm') });
  const parser = new Parser();
  parser.setLanguage(await Language.load(readWasm('tree-sitter-go/tree-sitter-go.wasm')));
  const trees: Tree[] = [];
  try {
    return await work((name, text) => {
      // Go ignores a byte order mark at the start of a file, the grammar does not know it.
      const tree = parser.parse(text.replace(/^\uFEFF/, ' '));
      if (tree === null) throw new Error(`the parser gave up on ${name}`);
      trees.push(tree);
      return { name, text, root: tree.rootNode, brokenLine: brokenLine(tree.rootNode) };
    });
  } finally {
    for (const tree of trees) tree.delete();
    parser.delete();
  }
}

function brokenLine(root: GoNode): number | undefined {
  if (!root.hasError) return undefined;
  let node = root;
  for (;;) {
    if (node.isError || node.isMissing) return node.startPosition.row + 1;
    const inner = node.children.find((child) => child.hasError || child.isMissing);
    if (inner === undefined) return node.startPosition.row + 1;
    node = inner;
  }
}

/** The nodes of these types below `node`, in the order of the text. */
export function within(node: GoNode, ...types: string[]): GoNode[] {
  return node.descendantsOfType(types).filter((found): found is GoNode => found !== null);
}

/** The named children without comments. */
export function parts(node: GoNode): GoNode[] {
  return node.namedChildren.filter((child) => child.type !== 'comment');
}

/** The nearest node of one of these types around `node`. */
export function around(node: GoNode, ...types: string[]): GoNode | undefined {
  for (let at = node.parent; at !== null; at = at.parent) if (types.includes(at.type)) return at;
  return undefined;
}

/** What is inside the element of a composite literal. */
export function bare(element: GoNode): GoNode {
  let node = element;
  while (
    (node.type === 'literal_element' || node.type === 'parenthesized_expression') &&
    parts(node).length === 1
  ) {
    node = parts(node)[0]!;
  }
  return node;
}

/** The line of a node, from 1. */
export function lineOf(node: GoNode): number {
  return node.startPosition.row + 1;
}
