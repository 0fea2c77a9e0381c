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
import { choiceFlags, choicesIn, readChoices } from './choices.ts';
import {
  type CiSystem,
  ciSystems,
  type PipelineChoices,
  pipelineMark,
  pipelinePath,
  renderPipeline,
} from './render.ts';

/** One pipeline, and how it stands to what is on the disk. */
type Planned = FileChange & {
  ci: CiSystem;
  choices: PipelineChoices;
  state: 'new' | 'changed' | 'unchanged';
};

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
The flags that shape it are kept in its first line: without any, the next run and --check take them from there.`,
  flags: {
    ci: {
      type: 'string',
      multiple: true,
      value: 'CI',
      does: 'gitlab, github or both (default: by the module path)',
    },
    ...choiceFlags,
    dir: { type: 'string', value: 'DIR', does: 'root of the repository (default: the current folder)' },
    force: { type: 'boolean', does: 'also replace a file that was written by hand' },
    check: { type: 'boolean', does: 'write nothing; exit code 1 when a file is not what would be written' },
    'dry-run': { type: 'boolean', does: 'list the files, write nothing' },
    diff: { type: 'boolean', does: 'print the changes as git apply takes them, write nothing' },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`pipeline takes flags only, ${positionals[0]} is none.`);
    const dir = resolve(deps.cwd, values.dir ?? '.');
    const { scanner, image, budget, alone } = values;
    const given = [scanner, image, budget, alone].some((value) => value !== undefined);
    const choices = given ? readChoices({ scanner, image, budget, alone }) : undefined;
    const systems = await readSystems(values.ci, dir, deps.disk);
    const planned = await Promise.all(systems.map((ci) => plan(ci, choices, dir, deps)));
    const stale = planned.filter(({ state }) => state !== 'unchanged');
    const written = !values['dry-run'] && !values.check && !values.diff;
    if (written && !values.force) refuseForeign(stale);
    if (written) await writeFiles(dir, stale, deps.disk);
    const diff = values.diff ? stale.map(asDiff).join('') : undefined;
    deps.stdout.write(values.json ? asJson(dir, written, planned, diff) : (diff ?? asText(written, planned)));
    if (!values.check || stale.length === 0) return 0;
    const paths = stale.map(({ path }) => path).join(', ');
    deps.stderr.write(`go-sre: not what go-sre pipeline writes: ${paths}. Run it without --check.\n`);
    return 1;
  },
});

/** The pipeline of one system beside the file that is there; without choices, as that file was written. */
async function plan(
  ci: CiSystem,
  given: PipelineChoices | undefined,
  dir: string,
  { version, disk }: { version: string; disk: Disk },
): Promise<Planned> {
  const choices = given ?? (await readWritten(ci, dir, disk)) ?? readChoices({});
  const path = pipelinePath(ci, choices);
  const before = await readIfThere(join(dir, path), disk);
  const source = readFileSync(join(pipelinesFolder, ciSystems[ci].source), 'utf8');
  const text = renderPipeline(ci, choices, source, version);
  // Line ends of Windows, which git may have made, are no difference.
  const same = before?.toString().replaceAll('\r\n', '\n') === text;
  const state = before === undefined ? 'new' : same ? 'unchanged' : 'changed';
  return { ci, choices, path, before, after: Buffer.from(text), state };
}

async function readWritten(ci: CiSystem, dir: string, disk: Disk): Promise<PipelineChoices | undefined> {
  for (const path of [ciSystems[ci].path, ciSystems[ci].alonePath]) {
    const bytes = await readIfThere(join(dir, path), disk);
    const choices = bytes && choicesIn(bytes.toString(), path);
    if (choices !== undefined) return choices;
  }
  return undefined;
}

/** What somebody wrote by hand stays. */
function refuseForeign(stale: readonly Planned[]): void {
  for (const { path, before } of stale) {
    if (before === undefined || before.toString().startsWith(pipelineMark)) continue;
    const part = path === ciSystems.gitlab.alonePath ? ' leave out --alone and include the part,' : '';
    throw failed(
      `${path} was not written by go-sre pipeline and stays as it is. Move it away,${part} or give --force.`,
    );
  }
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
    if (module !== undefined) return known.filter((ci) => defaultCi(module).includes(ci));
    throw usage(`Name the CI system with --ci: there is no go.mod in ${dir} to tell it.`);
  }
  const names = listed(words);
  const unknown = names.find((name) => !known.some((ci) => ci === name));
  if (unknown === undefined) return known.filter((ci) => names.includes(ci));
  const near = nearest(unknown, known);
  throw usage(
    `--ci is ${known.join(' or ')}; ${JSON.stringify(unknown)} is neither.${near === undefined ? '' : ` Did you mean ${near}?`}`,
  );
}

function asText(written: boolean, planned: readonly Planned[]): string {
  const lines = planned.map(({ path, state }) => `${state.padEnd(9)}  ${path}\n`);
  const fresh = planned.filter(({ choices, state }) => written && state === 'new' && !choices.alone);
  return [...lines, ...fresh.map(({ ci, choices }) => `\nNext, ${ciSystems[ci].use(choices)}\n`)].join('');
}

function asJson(
  dir: string,
  written: boolean,
  planned: readonly Planned[],
  diff: string | undefined,
): string {
  const files = planned.map(({ ci, path, state, after }) => ({ ci, path, state, bytes: after.length }));
  return `${JSON.stringify({ dir, written, files, ...(diff !== undefined && { diff }) })}\n`;
}

function asDiff({ path, before, after }: FileChange): string {
  const file = (bytes: Uint8Array) => ({ bytes, mode: 0o644 });
  return unifiedDiff({ path, before: before === undefined ? undefined : file(before), after: file(after) });
}
