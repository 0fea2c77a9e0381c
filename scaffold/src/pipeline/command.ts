import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { nearest } from '../../../slo/index.ts';
import { defaultCi } from '../answers.ts';
import { command } from '../command.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { failed, usage } from '../errors.ts';
import { listed } from '../flags.ts';
import { unifiedDiff } from '../merge/unified-diff.ts';
import { modulePathIn } from '../module-path.ts';
import { pipelinesFolder } from '../package.ts';
import { type FileChange, writeFiles } from '../write-files.ts';
import { readBudget, readImage } from './choices.ts';
import {
  type CiSystem,
  ciSystems,
  type PipelineChoices,
  pipelineMark,
  pipelinePath,
  renderPipeline,
  type Scanner,
  scanners,
} from './render.ts';

/** One pipeline, and how it stands to what is on the disk. */
type Planned = FileChange & { ci: CiSystem; state: 'new' | 'changed' | 'unchanged' };

/** `go-sre pipeline`. */
export const pipeline = command({
  name: 'pipeline',
  summary: "Writes the pipeline of a Go service's image: gate, build, scan, size, SBOM, push, signature.",
  details: `
  go-sre pipeline --ci github --alone
  go-sre pipeline --ci gitlab --scanner grype --image registry.example.com/team/orders --budget 40MB

The image is built once, as an OCI layout with a cache, and judged by \`go-sre check\` and \`go-sre check image\`. From the
default branch and from tags it is then pushed by digest, signed and attested by cosign, and named last; a merge or
pull request never gets that far. The file is a part that a pipeline includes or calls, or with --alone the whole of it.
A file that this command did not write is never written over.`,
  flags: {
    ci: {
      type: 'string',
      multiple: true,
      value: 'CI',
      does: 'gitlab, github or both (default: by the module path)',
    },
    scanner: { type: 'string', value: 'NAME', does: 'trivy (the default), grype or scout' },
    image: {
      type: 'string',
      value: 'REF',
      does: "where the image goes, without a tag (default: the CI system's registry)",
    },
    budget: { type: 'string', value: 'SIZE', does: 'what the image may have, such as 40MB (default: 80MB)' },
    alone: { type: 'boolean', does: 'a pipeline of its own, not a part of another' },
    dir: { type: 'string', value: 'DIR', does: 'root of the repository (default: the current folder)' },
    check: { type: 'boolean', does: 'write nothing; exit code 1 when a file is not as it would be written' },
    'dry-run': { type: 'boolean', does: 'list the files, write nothing' },
    diff: { type: 'boolean', does: 'print the changes as git apply takes them' },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`pipeline takes flags only, ${positionals[0]} is none.`);
    const choices: PipelineChoices = {
      scanner: readScanner(values.scanner),
      image: values.image === undefined ? undefined : readImage(values.image),
      budget: values.budget === undefined ? undefined : readBudget(values.budget),
      alone: values.alone === true,
    };
    const dir = resolve(deps.cwd, values.dir ?? '.');
    const systems = await readSystems(values.ci, dir, deps.disk);
    const planned = await Promise.all(systems.map((ci) => plan(ci, choices, dir, deps)));
    const stale = planned.filter(({ state }) => state !== 'unchanged');
    const writes = !values['dry-run'] && !values.check;
    if (!values.check) refuseForeign(stale);
    if (writes) await writeFiles(dir, stale, deps.disk);

    const diff = values.diff ? stale.map(asDiff).join('') : undefined;
    if (values.json) {
      const files = planned.map(({ ci, path, state, after }) => ({ ci, path, state, bytes: after.length }));
      deps.stdout.write(`${JSON.stringify({ dir, written: writes, files, ...(values.diff && { diff }) })}\n`);
    } else {
      for (const { path, state } of planned) deps.stdout.write(`${state.padEnd(9)}  ${path}\n`);
      if (writes && !choices.alone) {
        for (const { ci, state } of planned)
          if (state === 'new') deps.stdout.write(`\nNext, ${ciSystems[ci].use(choices)}\n`);
      }
      if (diff) deps.stdout.write(diff);
    }
    if (!values.check || stale.length === 0) return 0;
    const paths = stale.map(({ path }) => path).join(', ');
    deps.stderr.write(`go-sre: not as this command writes it: ${paths}. Run it without --check.\n`);
    return 1;
  },
});

/** The pipeline of one system beside the file that is there. */
async function plan(
  ci: CiSystem,
  choices: PipelineChoices,
  dir: string,
  { version, disk }: { version: string; disk: Disk },
): Promise<Planned> {
  const path = pipelinePath(ci, choices);
  const source = readFileSync(join(pipelinesFolder, ciSystems[ci].source), 'utf8');
  const before = await readIfThere(join(dir, path), disk);
  const after = Buffer.from(renderPipeline(ci, choices, source, version));
  const state = before === undefined ? 'new' : before.equals(after) ? 'unchanged' : 'changed';
  return { ci, path, before, after, state };
}

/** What somebody wrote by hand stays. */
function refuseForeign(planned: readonly Planned[]): void {
  for (const { path, before } of planned) {
    if (before === undefined || before.toString().startsWith(pipelineMark)) continue;
    throw failed(
      `${path} is there and was not written by go-sre pipeline, so it is left as it is. Move it away${path === ciSystems.gitlab.alonePath ? ', or leave out --alone and include the part' : ''}.`,
    );
  }
}

function readScanner(word: string | undefined): Scanner {
  const scanner = scanners.find((name) => name === (word ?? scanners[0]));
  if (scanner !== undefined) return scanner;
  throw usage(
    `--scanner is ${scanners.join(', ')}; ${JSON.stringify(word)} is none of them.${meant(word!, scanners)}`,
  );
}

/** The systems that are named, or the one that the module path in go.mod speaks of. */
async function readSystems(
  words: readonly string[] | undefined,
  dir: string,
  disk: Disk,
): Promise<readonly CiSystem[]> {
  const known = Object.keys(ciSystems) as CiSystem[];
  if (words === undefined) {
    const module = modulePathIn(String((await readIfThere(join(dir, 'go.mod'), disk)) ?? ''));
    if (module === undefined)
      throw usage(`Name the CI system with --ci: there is no go.mod in ${dir} to tell it.`);
    return known.filter((ci) => defaultCi(module).includes(ci));
  }
  const names = listed(words);
  const unknown = names.find((name) => !known.some((ci) => ci === name));
  if (unknown !== undefined) {
    throw usage(
      `--ci is ${known.join(' or ')}; ${JSON.stringify(unknown)} is neither.${meant(unknown, known)}`,
    );
  }
  return known.filter((ci) => names.includes(ci));
}

function meant(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : ` Did you mean ${near}?`;
}

function asDiff({ path, before, after }: FileChange): string {
  const file = (bytes: Uint8Array) => ({ bytes, mode: 0o644 });
  return unifiedDiff({ path, before: before === undefined ? undefined : file(before), after: file(after) });
}
