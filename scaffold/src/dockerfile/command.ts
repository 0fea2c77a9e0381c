import { resolve } from 'node:path';
import { renderExplanation } from '../../../images/index.ts';
import { command, type GoSreDeps } from '../command.ts';
import { type ExitCode, failed, usage } from '../errors.ts';
import { unifiedDiff } from '../merge/unified-diff.ts';
import { writeFiles } from '../write-files.ts';
import { shapingFlags } from './flags.ts';
import { type Generated, generate } from './generate.ts';
import type { OutputFile } from './written.ts';

const flags = {
  ...shapingFlags,
  file: { type: 'string', value: 'FILE', does: 'the Dockerfile, relative to DIR (default: Dockerfile)' },
  force: { type: 'boolean', does: 'also replace a Dockerfile or .dockerignore that was written by hand' },
  explain: {
    type: 'boolean',
    does: 'print every decision with its reason and the graph of modules, write nothing',
  },
  check: { type: 'boolean', does: 'write nothing; exit code 1 when a file is not what would be written' },
  'dry-run': { type: 'boolean', does: 'list the files, write nothing' },
  diff: { type: 'boolean', does: 'print the changes as git apply takes them, write nothing' },
  json: { type: 'boolean', does: 'print one JSON object' },
} as const;

/** `go-sre dockerfile`. */
export const dockerfile = command({
  name: 'dockerfile',
  takes: '[DIR]',
  summary: 'Writes Dockerfile and .dockerignore for a Go module or workspace, by what go list says of it.',
  details: `
DIR is the folder of a module, a workspace or a program (default: the current one). The flags that shape the file are
kept in its head line: the next run and --check take from there what is not given anew. Edit that line to drop one.`,
  flags,
  run: async (values, positionals, deps): Promise<ExitCode> => {
    const [dir = '.', more] = positionals;
    if (more !== undefined) throw usage(`dockerfile takes one folder, ${more} is a second.`);
    const { file, force, explain, check, 'dry-run': dryRun, diff, json, ...shaping } = values;
    const writes = !check && !dryRun && !diff && !explain;
    const folder = resolve(deps.cwd, dir);
    // The tests' own dependencies are not downloaded for a file that has none of them.
    const modules = explain === true || json === true ? 'all' : writes ? 'linked' : 'none';
    const made = await generate(
      { folder, file: resolve(folder, file ?? 'Dockerfile'), shaping, modules },
      deps,
    );
    if (writes) await writeAll(made, force === true, deps);
    for (const line of made.warnings) deps.stderr.write(`go-sre: ${line}\n`);
    print(made, { explain, diff, json, writes }, deps);
    return check === true ? verdict(made, deps) : 0;
  },
});

async function writeAll({ folder, files }: Generated, force: boolean, deps: GoSreDeps): Promise<void> {
  const changed = files.filter(({ state }) => state !== 'unchanged');
  const byHand = changed.filter((file) => file.byHand).map(({ path }) => resolve(folder, path));
  if (byHand.length > 0 && !force) {
    throw failed(
      `${byHand.join(' and ')} ${byHand.length === 1 ? 'was' : 'were'} not written by go-sre dockerfile. See what would change with --diff, replace with --force, or write beside it with --file NAME. Nothing was written.`,
    );
  }
  await writeFiles(folder, changed, deps.disk);
}

type Printing = {
  explain: boolean | undefined;
  diff: boolean | undefined;
  json: boolean | undefined;
  writes: boolean;
};

function print(made: Generated, { explain, diff, json, writes }: Printing, { stdout }: GoSreDeps): void {
  if (json) stdout.write(`${JSON.stringify(asJson(made, writes))}\n`);
  else if (explain) stdout.write(renderExplanation(made.plan, made.report!, made.moduleFacts!));
  else if (diff) for (const file of made.files) stdout.write(diffOf(file));
  else for (const { path, state } of made.files) stdout.write(`${state.padEnd(9)}  ${path}\n`);
}

function diffOf({ path, before, after, state }: OutputFile): string {
  if (state === 'unchanged') return '';
  const mode = 0o644;
  return unifiedDiff({ path, before: before && { bytes: before, mode }, after: { bytes: after, mode } });
}

function verdict({ folder, files, words }: Generated, { stderr }: GoSreDeps): ExitCode {
  const stale = files.filter(({ state }) => state !== 'unchanged');
  if (stale.length === 0) return 0;
  const names = stale
    .map(({ path, state }) => `${path} (${state === 'new' ? 'missing' : 'stale'})`)
    .join(', ');
  const again = ['go-sre dockerfile', ...(words === '' ? [] : [words])].join(' ');
  stderr.write(`go-sre: ${names} in ${folder} do not follow from the module any more. Run ${again}.\n`);
  return 1;
}

function asJson(
  { folder, context, files, plan, report, moduleFacts, warnings, texts }: Generated,
  written: boolean,
) {
  return {
    ...{ dir: folder, context, written },
    files: files.map(({ path, after, state }) => ({ path, bytes: after.length, state })),
    goImage: plan.goImage,
    programs: plan.programs.map(({ name, importPath, cgo, base }) => ({ name, importPath, cgo, base })),
    decisions: plan.decisions,
    copied: plan.needed,
    modules: report?.modules,
    disagreements: report?.disagreements,
    graphProblem: moduleFacts?.graphProblem,
    testedProblem: moduleFacts?.testedProblem,
    warnings,
    dockerfile: texts.dockerfile,
    dockerignore: texts.dockerignore,
  };
}
