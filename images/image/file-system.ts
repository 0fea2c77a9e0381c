import type { FileFacts } from './file-facts.ts';
import { ImageError } from './problem.ts';
import type { EntryKind } from './tar.ts';

/** A file, folder or link as one layer brought it. */
export type ImageFile = {
  path: string;
  kind: EntryKind;
  mode: number;
  uid: number;
  gid: number;
  /** Bytes it takes: 0 for a folder, and for a hard link, whose content is counted where it leads. */
  size: number;
  /** Of a symlink. */
  link: string;
  /** The layer's number, from 0. */
  layer: number;
  /** Of a file, or of what a hard link leads to. */
  facts: FileFacts | undefined;
};

/** Bytes that lie in a layer and cannot be seen any more. */
export type Hidden = { file: ImageFile; how: 'overwritten' | 'removed'; layer: number; sameContent: boolean };

type Node = {
  file: ImageFile | undefined;
  children: Map<string, Node> | undefined;
  /** The last layer that hid everything below it, so that it is not walked again for the same one. */
  emptiedBy: number;
};

/** What the layers give when they lie upon each other. */
export type FileSystem = {
  /** A file of the layer on top; what it hides is told to `hidden`. */
  put: (file: ImageFile) => void;
  /** A whiteout: hides a path of the layers below. Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts */
  remove: (path: string, layer: number) => void;
  /** An opaque whiteout: hides what the layers below have in a folder. */
  empty: (path: string, layer: number) => void;
  /** What stands under a path, links in it and at its end followed; undefined where nothing is, or they lead in a circle. */
  find: (path: string) => ImageFile | undefined;
  /** What stands under that path, links on the way followed and none at its end. */
  at: (path: string) => ImageFile | undefined;
  /** All that can be seen, folders before what is in them. */
  files: () => Generator<ImageFile>;
};

/** Links on the way to one file, as Linux follows, and steps on that way with those that links add. */
const most = { links: 40, steps: 1000 } as const;

/**
 * An empty file system.
 * @param maxNodes so many files and folders it may have; `put` throws an ImageError beyond them
 */
export function fileSystem(maxNodes: number, hidden: (hidden: Hidden) => void): FileSystem {
  const newNode = (): Node => ({ file: undefined, children: undefined, emptiedBy: -1 });
  const root = newNode();
  let nodes = 0;

  const nodeAt = (path: string): Node | undefined => {
    let node: Node | undefined = root;
    for (const step of stepsOf(path)) node = node?.children?.get(step);
    return node;
  };

  /** The path without links, up to its last step or with it; undefined where it leads in a circle. */
  const resolved = (path: string, last: boolean): string | undefined => {
    const [done, left]: [{ step: string; node: Node | undefined }[], string[]] = [
      [],
      stepsOf(path).reverse(),
    ];
    for (let [links, steps] = [0, 0]; left.length > 0; steps++) {
      if (steps > most.steps) return undefined;
      const step = left.pop()!;
      if (step === '.') continue;
      if (step === '..') {
        done.pop();
        continue;
      }
      const folder: Node | undefined = done.length === 0 ? root : done.at(-1)!.node;
      const node: Node | undefined = folder?.children?.get(step);
      if (node?.file?.kind !== 'symlink' || (left.length === 0 && !last)) {
        done.push({ step, node });
        continue;
      }
      if (++links > most.links) return undefined;
      if (node.file.link.startsWith('/')) done.length = 0;
      for (const more of stepsOf(node.file.link).reverse()) left.push(more);
    }
    return done.map(({ step }) => step).join('/');
  };

  /** Hides what layers below `layer` have at and below a node; answers whether anything is left. */
  const prune = (node: Node, layer: number, how: Hidden['how']): boolean => {
    if (node.file !== undefined && node.file.layer < layer) {
      tell(node.file, how, layer, false);
      node.file = undefined;
    }
    if (node.emptiedBy !== layer) {
      node.emptiedBy = layer;
      for (const [name, child] of node.children ?? []) {
        if (!prune(child, layer, how)) node.children!.delete(name);
      }
    }
    return node.file !== undefined || (node.children?.size ?? 0) > 0;
  };

  const tell = (file: ImageFile, how: Hidden['how'], layer: number, sameContent: boolean) => {
    if (file.size > 0) hidden({ file, how, layer, sameContent });
  };

  const put = (file: ImageFile): void => {
    // Engines follow links on the way to a file. A circle cannot be followed: the file replaces what stands there.
    const steps = stepsOf(resolved(file.path, false) ?? file.path);
    let node = root;
    for (const step of steps) {
      if (node.file !== undefined && node.file.kind !== 'folder') {
        tell(node.file, 'overwritten', file.layer, false);
        node.file = undefined;
      }
      node.children ??= new Map();
      let next = node.children.get(step);
      if (next === undefined) {
        if (++nodes > maxNodes)
          throw new ImageError(`is refused: it holds more than ${maxNodes} files and folders`);
        next = newNode();
        node.children.set(step, next);
      }
      node = next;
    }
    const before = node.file;
    if (before !== undefined && before.layer < file.layer) {
      const same = before.facts !== undefined && before.facts.sha256 === file.facts?.sha256;
      tell(before, 'overwritten', file.layer, same);
    }
    if (file.kind !== 'folder' && node.children !== undefined) {
      for (const child of node.children.values()) prune(child, file.layer, 'overwritten');
      node.children = undefined;
    }
    node.file = file;
  };

  return {
    put,
    remove: (path, layer) => {
      const full = resolved(path, false);
      const node = full === undefined ? undefined : nodeAt(full);
      if (full === undefined || node === undefined || prune(node, layer, 'removed')) return;
      const slash = full.lastIndexOf('/');
      nodeAt(full.slice(0, Math.max(0, slash)))?.children?.delete(full.slice(slash + 1));
    },
    empty: (path, layer) => {
      const node = nodeAt(resolved(path, true) ?? path);
      if (node === undefined || node.emptiedBy === layer) return;
      node.emptiedBy = layer;
      for (const [name, child] of node.children ?? []) {
        if (!prune(child, layer, 'removed')) node.children!.delete(name);
      }
    },
    find: (path) => {
      const full = resolved(path, true);
      return full === undefined ? undefined : nodeAt(full)?.file;
    },
    at: (path) => nodeAt(resolved(path, false) ?? path)?.file,
    files: () => walk(root),
  };
}

function* walk(root: Node): Generator<ImageFile> {
  const left: Node[] = [root];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (node.file !== undefined) yield node.file;
    for (const child of [...(node.children?.values() ?? [])].reverse()) left.push(child);
  }
}

function stepsOf(path: string): string[] {
  return path.split('/').filter((step) => step !== '');
}
