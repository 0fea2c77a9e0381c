import { relative, resolve } from 'node:path';
import { applyFixes } from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';
import { readIfThere } from '../disk.ts';
import { usage } from '../errors.ts';
import { type FileChange, writeFiles } from '../write-files.ts';
import type { Answer } from './judge.ts';
import { toldPath } from './targets.ts';

/**
 * Writes the mends that findings carry, all files of one Dockerfile or none.
 * @returns the files that were written, as the user is told them; none where nothing could be mended
 * @throws CliError: exit code 2 for standard input, 1 when the disk refuses
 */
export async function mend({ question, findings }: Answer, deps: GoSreDeps): Promise<string[]> {
  const { target } = question;
  const fixable = findings.filter(({ fix }) => fix !== undefined);
  if (fixable.length === 0) return [];
  if (target.path === undefined) throw usage('--fix needs a file to write to; standard input is none.');
  const root = target.context ?? resolve(target.path, '..');
  const files = new Set(fixable.flatMap(({ fix = [] }) => fix.map(({ file }) => file)));
  const changes: FileChange[] = [];
  for (const file of files) {
    const path = file === undefined ? target.path : resolve(root, file);
    const before = await readIfThere(path, deps.disk);
    const fixed = applyFixes(before?.toString() ?? '', file, fixable);
    const after = Buffer.from(fixed.text);
    if (before !== undefined && Buffer.compare(before, after) === 0) continue;
    changes.push({ path: relative(root, path), before, after });
  }
  await writeFiles(root, changes, deps.disk);
  return changes.map(({ path }) => toldPath(resolve(root, path), deps.cwd));
}
