import type { Comment, Dockerfile } from './dockerfile/syntax.ts';

/** Codes that comments of a file switch off: everywhere in it, or for the instruction that begins on a line. */
export type Ignores = {
  everywhere: ReadonlySet<string>;
  byStartLine: ReadonlyMap<number, ReadonlySet<string>>;
};

/** `# hadolint ignore=DL3006,DL3008`, `# go-sre ignore=base-eol` and their `global ignore=`. */
const pragma = /^#+\s*(?:hadolint|go-sre)\s+(global\s+)?ignore\s*=\s*([\w-]+(?:\s*,\s*[\w-]+)*)/i;

/** hadolint's and ShellCheck's numbers, and names of ours; a list with another word is a mistake, and switches off nothing. */
const code = /^(?:(?:DL|SC)\d+|[a-z]+(?:-[a-z]+)+)$/;

/**
 * Reads the comments that switch rules off. One of hadolint's or of ours stands above the instruction that it is about,
 * or among its lines.
 */
export function readIgnores({ comments, instructions }: Dockerfile): Ignores {
  const everywhere = new Set<string>();
  const byStartLine = new Map<number, Set<string>>();
  let next = 0;
  for (const comment of [...comments].sort((a, b) => a.line - b.line)) {
    const found = readPragma(comment);
    if (found === undefined) continue;
    if (found.global) {
      for (const code of found.codes) everywhere.add(code);
      continue;
    }
    while (next < instructions.length && instructions[next]!.endLine < comment.line) next++;
    const line = instructions[next]?.startLine;
    if (line === undefined) continue;
    const codes = byStartLine.get(line) ?? new Set();
    for (const code of found.codes) codes.add(code);
    byStartLine.set(line, codes);
  }
  return { everywhere, byStartLine };
}

function readPragma({ text }: Comment): { global: boolean; codes: string[] } | undefined {
  const match = pragma.exec(text);
  if (match === null) return undefined;
  const codes = match[2]!.split(',').map((word) => word.trim());
  return codes.every((word) => code.test(word)) ? { global: match[1] !== undefined, codes } : undefined;
}
