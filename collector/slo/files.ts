import { glob, readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readSpecFiles } from '../../slo/import/read.ts';
import type { FileProblem, Service, SpecFile } from '../../slo/index.ts';

/** Objectives that one collector evaluates, and files and bytes that they are read from. */
const limits = { objectives: 500, files: 100, bytes: 4_000_000 } as const;

export interface Objectives {
  readonly services: readonly Service[];
  /** Every fault with its file, line and path; the services are all of them only where there is none. */
  readonly problems: readonly FileProblem[];
  readonly warnings: readonly string[];
  /** The texts that were read: equal ones say the same. */
  readonly texts: readonly SpecFile[];
}

/**
 * Reads the objectives of the files that `patterns` (paths or globs, from `baseDir`) name: our own format, OpenSLO and Sloth.
 * A pattern that names no file is a problem, as is a file that cannot be read. Never rejects.
 * @param before what was read earlier: the answer, where the files say the same
 */
export async function readObjectives(
  patterns: readonly string[],
  baseDir: string,
  before?: Objectives,
): Promise<Objectives> {
  const problems: FileProblem[] = [];
  const texts: SpecFile[] = [];
  for (const file of await filesOf(patterns, baseDir, problems)) {
    const text = await textOf(file, problems);
    if (text !== undefined) texts.push({ file, text });
  }
  if (before && problems.length === 0 && saySame(before, texts)) return before;
  const read = texts.length > 0 ? readSpecFiles(texts) : nothing;
  const all = [...problems, ...read.problems];
  const count = read.services.reduce((sum, { slos }) => sum + slos.length, 0);
  if (count > limits.objectives) {
    const message = `they hold ${count} objectives; a collector evaluates up to ${limits.objectives}: name fewer files`;
    all.push({ file: 'slo.files', path: '', message });
  }
  return { services: read.services, problems: all, warnings: read.warnings, texts };
}

const nothing = { services: [], problems: [], warnings: [] };

function saySame({ texts, problems }: Objectives, now: readonly SpecFile[]): boolean {
  const isSame = ({ file, text }: SpecFile, i: number) => now[i]?.file === file && now[i].text === text;
  return problems.length === 0 && texts.length === now.length && texts.every(isSame);
}

async function filesOf(
  patterns: readonly string[],
  baseDir: string,
  problems: FileProblem[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const [i, pattern] of patterns.entries()) {
    const before = found.size;
    let matched = 0;
    for await (const file of namedBy(resolve(baseDir, pattern))) {
      matched++;
      found.add(file);
    }
    if (matched === 0) problems.push(noFile(i, pattern));
    if (found.size <= limits.files) continue;
    const message = `names ${found.size - before} files; at most ${limits.files} are read in all`;
    problems.push({ file: `slo.files[${i}]`, path: '', message });
    break;
  }
  return [...found].sort().slice(0, limits.files);
}

/** A file of that name is meant, whatever a glob would make of its brackets. */
async function* namedBy(pattern: string): AsyncGenerator<string> {
  const isFile = await stat(pattern).catch(() => undefined);
  if (isFile) yield pattern;
  else yield* glob(pattern);
}

function noFile(index: number, pattern: string): FileProblem {
  return { file: `slo.files[${index}]`, path: '', message: `no file is named ${pattern}` };
}

async function textOf(file: string, problems: FileProblem[]): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    if (size <= limits.bytes) return await readFile(file, 'utf8');
    const message = `has ${size} bytes; a file of objectives has up to ${limits.bytes}`;
    problems.push({ file, path: '', message });
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    problems.push({ file, path: '', message });
  }
  return undefined;
}
