import type { Instruction } from '../../dockerfile/syntax.ts';
import { quotedPieces } from '../../dockerfile/words.ts';
import { unquote } from './from.ts';

/** What ADD unpacks, and tar knows. Source: https://docs.docker.com/reference/dockerfile/#adding-local-tar-archives and GNU tar's --auto-compress */
const archive = /\.(?:tar|Z|bz2|gz|lz|lzma|tZ|tb2|tbz|tbz2|tgz|tlz|tpz|txz|xz)$/;

function words({ json, args }: Instruction): readonly string[] {
  return json ?? quotedPieces(args, '').map(({ text }) => unquote(text));
}

/** The sources of a COPY or ADD, quotes taken off. */
export function sourcesOf(instruction: Instruction): string[] {
  return words(instruction).slice(0, -1);
}

/** Where a COPY or ADD goes, quotes taken off; empty where nothing stands there. */
export function targetOf(instruction: Instruction): string {
  return words(instruction).at(-1) ?? '';
}

/** The stage or image of `--from`. */
export function fromOf({ flags }: Instruction): string | undefined {
  return flags.find(({ name }) => name === 'from')?.value;
}

/** Whether a file's name is that of an archive. */
export function isArchive(path: string): boolean {
  return archive.test(path);
}

/** What stands behind the last slash, of either kind. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
