import type { BuildContext } from '../../../context.ts';
import { type Ignore, isIgnored } from '../../../ignore/dockerignore.ts';

/**
 * Notes (`.md`) of the context that Go files embed, by the Go files whose text is known. Source: https://pkg.go.dev/embed
 * @param ignore what keeps Go files out of the build, and so their embeds
 */
export function embeddedNotes(
  { texts, files }: Pick<BuildContext, 'texts' | 'files'>,
  ignore: Ignore,
): string[] {
  const notes = files.filter((path) => /\.md$/i.test(path));
  if (notes.length === 0) return [];
  return [...texts].flatMap(([path, text]) => {
    if (!path.endsWith('.go') || isIgnored(ignore, path)) return [];
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const patterns = [...text.matchAll(/^\/\/go:embed[\t ]+(.*)$/gm)].flatMap((match) =>
      match[1]!.trim().split(/\s+/),
    );
    return patterns.flatMap((written) => {
      const pattern = written.replace(/^["`]|["`]$/g, '').replace(/^all:/, '');
      return notes.filter((note) => note.startsWith(folder) && matches(note.slice(folder.length), pattern));
    });
  });
}

/** A pattern names files, or folders with all that is in them; `*` and `?` stop at a slash. */
function matches(path: string, pattern: string): boolean {
  if (pattern === '.') return true;
  const form = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  return new RegExp(`^${form}(?:/|$)`).test(path);
}
