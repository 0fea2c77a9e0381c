import { decodeText } from '../merge/file.ts';

/** How the user's service calls things that the template calls otherwise. */
export type Renames = {
  /** The module path that the files were emitted with, and the one in the user's go.mod. */
  module: { emitted: string; now: string };
  /** Folders the user moved: old -> new. */
  folders: ReadonlyMap<string, string>;
};

/**
 * An emitted file with the module path as it is now: in Go where a text begins with it, which imports do, elsewhere
 * as a whole word, as the emit replaces it.
 */
export function withModule(path: string, bytes: Uint8Array, { emitted, now }: Renames['module']): Uint8Array {
  if (emitted === now || path === 'go.sum') return bytes;
  const before = path.endsWith('.go') ? '(?<=")' : '(?<![\\w./-])';
  const whole = new RegExp(`${before}${escaped(emitted)}(?![\\w-])`, 'g');
  return mapText(bytes, (text) => text.replace(whole, () => now));
}

/**
 * A file of the template as it would read had the template moved the folders. Imports in Go follow always, since the
 * old path exists no more; other texts (Dockerfile, README) follow where the user's version did or there is none.
 */
export function withFolders(
  path: string,
  bytes: Uint8Array,
  ours: Uint8Array | undefined,
  { module, folders }: Renames,
): Uint8Array {
  if (folders.size === 0) return bytes;
  if (path.endsWith('.go')) return mapText(bytes, (text) => withImports(text, module.now, folders));
  const own = ours === undefined ? undefined : decodeText(ours);
  return mapText(bytes, (text) => {
    let adapted = text;
    for (const [old, now] of folders) {
      const follows = own === undefined || (mentions(now).test(own) && !mentions(old).test(own));
      if (follows)
        adapted = adapted.replace(mentions(old), (_, dot: string | undefined) => `${dot ?? ''}${now}`);
    }
    return adapted;
  });
}

function withImports(text: string, module: string, folders: ReadonlyMap<string, string>): string {
  const imported = new RegExp(`"${escaped(module)}/([^"]+)"`, 'g');
  const renamed = text.replace(imported, (whole, folder: string) => {
    const now = folders.get(folder);
    return now === undefined ? whole : `"${module}/${now}"`;
  });
  return renamed === text ? text : renamed.replace(importGroup, sortedImports);
}

/** Imports on lines that follow each other; gofmt orders them by path within such a group. */
const importGroup = /(?:^\t(?:[\w.]+ )?"[^"\n]+"\n)+/gm;

function sortedImports(group: string): string {
  const path = (line: string) => /"(.+)"/.exec(line)?.[1] ?? '';
  const lines = group.trimEnd().split('\n');
  return `${lines.sort((a, b) => (path(a) < path(b) ? -1 : 1)).join('\n')}\n`;
}

/** A folder as a path in a text, with or without `./` before it. */
function mentions(folder: string): RegExp {
  return new RegExp(`(?<![\\w./-])(\\.?/)?${escaped(folder)}(?![\\w-])`, 'g');
}

function mapText(bytes: Uint8Array, change: (text: string) => string): Uint8Array {
  const text = decodeText(bytes);
  if (text === undefined) return bytes;
  const changed = change(text);
  return changed === text ? bytes : new TextEncoder().encode(changed);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
