import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';

/** How much one document may hold after its aliases are followed, and how deep; more is an attack or a mistake. */
const limits = { nodes: 1_000_000, depth: 64 } as const;

type Read = { readonly value: unknown } | { readonly fault: string; readonly offset: number };

/** Thrown out of the walk at the first fault, and caught by `nodeValue`. */
class Fault extends Error {
  readonly offset: number;
  constructor(node: Node | null | undefined, message: string) {
    super(message);
    this.offset = node?.range?.[0] ?? 0;
  }
}

interface Walk {
  left: number;
  readonly anchors: Map<string, Node>;
}

/**
 * A YAML node as plain data, or why not and at which offset. Aliases and merge keys (`<<`) are followed; each node they lead to
 * counts again, so that a small text cannot stand for a giant one. A key that stands twice is a fault.
 */
export function nodeValue(node: Node | null): Read {
  try {
    return { value: valueAt(node, { left: limits.nodes, anchors: new Map() }, 0) };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message, offset: error.offset };
    throw error;
  }
}

function valueAt(node: Node | null | undefined, walk: Walk, depth: number): unknown {
  if (depth > limits.depth) throw new Fault(node, `is nested deeper than ${limits.depth}, or holds itself`);
  if (--walk.left < 0)
    throw new Fault(node, `has more than ${limits.nodes} values once aliases are followed`);
  if (isAlias(node)) return valueAt(targetOf(node, walk), walk, depth + 1);
  if (node && 'anchor' in node && node.anchor) walk.anchors.set(node.anchor, node);
  if (isSeq(node)) return node.items.map((item) => valueAt(item as Node, walk, depth + 1));
  if (isMap(node)) return mapOf(node, walk, depth);
  return isScalar(node) ? scalarOf(node) : null;
}

function targetOf(node: Node & { readonly source: string }, walk: Walk): Node {
  const target = walk.anchors.get(node.source);
  if (target === undefined) throw new Fault(node, `*${node.source} names no anchor before it`);
  return target;
}

function mapOf(node: YAMLMap, walk: Walk, depth: number): Readonly<Record<string, unknown>> {
  const own = new Map<string, unknown>();
  const merged: Readonly<Record<string, unknown>>[] = [];
  for (const { key, value } of node.items) {
    const name = keyOf(key);
    const found = valueAt(value as Node, walk, depth + 1);
    if (name === '<<') merged.push(...mergeable(found, key));
    else if (own.has(name)) throw new Fault(key as Node, `key ${JSON.stringify(name)} stands twice`);
    else own.set(name, found);
  }
  const inherited = merged.reverse().flatMap((map) => Object.entries(map));
  return Object.fromEntries([...inherited, ...own]);
}

/** One mapping, or a list of them, of which the first wins. */
function mergeable(value: unknown, key: unknown): Readonly<Record<string, unknown>>[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.map((one) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one))
      throw new Fault(key as Node, '<< merges mappings only, like <<: *defaults');
    return one as Readonly<Record<string, unknown>>;
  });
}

function keyOf(key: unknown): string {
  if (!isScalar(key)) throw new Fault(key as Node, 'a key must be a plain text');
  return String(scalarOf(key));
}

/** Texts, numbers, truth and null; what other schemas know besides, such as dates, is the text it was written as. */
function scalarOf(node: Scalar): string | number | boolean | null {
  const { value, source } = node;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return value === null || value === undefined ? null : (source ?? '');
}
