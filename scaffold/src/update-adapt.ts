import { decodeText } from './merge-file.ts';

/** How the user's service calls things that the template calls otherwise. */
export type Renames = {
  /** The module path that the files were emitted with, and the one in the user's go.mod. */
  module: { emitted: string; now: string };
  /** Folders the user moved: old -> new. */
  folders: ReadonlyMap<string, string>;
};

/** Text of the emitted files with the module path as it is now; whole words, as the emit replaces them. */
export function withModule(path: string, bytes: Uint8Array, { emitted, now }: Renames['module']): Uint8Array {
  if (emitted === now || path === 'go.sum') return bytes;
  const whole = new RegExp(`(?<![\\w./-])${escaped(emitted)}(?![\\w-])`, 'g');
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
  return text.replace(imported, (whole, folder: string) => {
    const now = folders.get(folder);
    return now === undefined ? whole : `"${module}/${now}"`;
  });
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
