import { posix, relative } from 'node:path';
import { type Answers, checkAnswers, shellWord } from '../answers.ts';
import type { GoSreDeps } from '../command.ts';
import type { File, Files } from '../disk.ts';
import { buildTags, optionsOn } from '../emit/emit.ts';
import { plan } from '../emit/plan.ts';
import { failed } from '../errors.ts';
import { listed, listedOrNone } from '../flags.ts';
import { manifestPath, opsPrefix, parseManifest, renderManifest, withRendered } from '../manifest.ts';
import { unifiedDiff } from '../merge/unified-diff.ts';
import { modulePathIn } from '../module-path.ts';
import type { TemplateOption } from '../options.ts';
import { databaseWords, serverSteps } from '../server-steps.ts';
import { specTexts } from '../slo/specs.ts';
import { withModule } from './adapt.ts';
import { type Recorded, readFolder, readRecord, recordPaths } from './folder.ts';
import { uncommitted } from './git.ts';
import { withRenderedOps } from './ops.ts';
import { type FileUpdate, planUpdate, type UpdateInput, unresolved } from './plan.ts';
import type { UpdateReport } from './report.ts';
import { finish, isInterrupted, stage } from './write.ts';

/** The flags of an update. */
export type UpdateValues = {
  dir?: string;
  with?: string[];
  router?: string;
  ci?: string[];
  'dry-run'?: boolean;
  diff?: boolean;
  'allow-dirty'?: boolean;
  json?: boolean;
};

/**
 * Merges today's template into the service in `dir`; everything is planned first, and then written so that an
 * interruption at any moment is mended by the next run.
 * @throws CliError: exit code 2 for wrong answers, 1 when the update cannot be planned or written
 */
export async function updateService(
  dir: string,
  values: UpdateValues,
  deps: GoSreDeps,
): Promise<UpdateReport> {
  if (await isInterrupted(dir, deps.disk)) return finishInterrupted(dir, values, deps);
  const recorded = await readRecord(dir, deps.version, deps.disk);
  const { options } = deps.readTemplate();
  const answers = newAnswers(recorded.manifest.answers, values, options);
  const { input, record } = await readInput(dir, answers, recorded, deps);
  refuseUnresolved(unresolved(input));
  const report = { dir, from: recorded.generated, to: deps.version, written: false, conflicts: [], next: [] };
  if (isSame(input, recorded.generated === deps.version)) {
    return {
      ...report,
      files: [],
      notes: [`Nothing to do: ${dir} has everything of create-go-sre-service ${deps.version}.`],
    };
  }
  const specs = await specTexts(dir, answers.specs ?? [], deps.disk);
  const rendered = withRenderedOps(input, recorded.manifest, { answers, version: deps.version }, specs);
  const { files, problems } = planUpdate(rendered);
  if (problems.length > 0) {
    throw failed(`Nothing was changed, because of:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
  const changed = files.filter(({ before, after }) => !isEqual(before, after));
  const said = describe(files, changed, values, recorded, answers, deps.version, input.enter);
  const told = { ...report, ...said, notes: [...said.notes, ...input.ours.notes] };
  const { refusal, undo } = await howToUndo(dir, changed, values, deps);
  if (values['dry-run']) return { ...told, ...(refusal !== undefined && { refusal }) };
  if (refusal !== undefined) throw failed(refusal);
  const tags = buildTags(optionsOn(answers), options);
  const steps = [
    ...nextSteps(changed, undo, tags),
    ...addedSteps(files, addedOptions(recorded.manifest.answers, answers), answers.name, tags),
  ];
  const next = steps.map(({ does, run }) => ({ does, run: `${input.enter}${run}` }));
  const written = { ...told, written: true, next };
  await stage(
    dir,
    [...changed, ...recordUpdates(recorded.files, withOps(record, rendered.theirs))],
    written,
    deps.disk,
  );
  await finish(dir, deps.disk);
  return written;
}

/** An update that was killed while its files took their places: its end is the same as if it had not been. */
async function finishInterrupted(dir: string, values: UpdateValues, deps: GoSreDeps): Promise<UpdateReport> {
  if (values['dry-run']) {
    throw failed(
      `An update of ${dir} was interrupted. Run go-sre update without --dry-run to finish it first.`,
    );
  }
  const report = await finish<UpdateReport>(dir, deps.disk);
  if (report === undefined) throw failed(`Another go-sre update is at work in ${dir}. Wait for its end.`);
  return { ...report, notes: ['The update that was interrupted is finished now.', ...report.notes] };
}

/** The recorded answers with those that the flags change. */
function newAnswers(recorded: Answers, values: UpdateValues, options: readonly TemplateOption[]): Answers {
  const answers: Answers = {
    ...recorded,
    with: [...new Set([...recorded.with, ...listed(values.with ?? [])])].sort(),
    ...(values.router !== undefined && { router: values.router }),
    ...(values.ci !== undefined && { ci: [...new Set(listedOrNone(values.ci, 'ci'))].sort() }),
  };
  checkAnswers(answers, options);
  return answers;
}

/** Everything the update is planned from, and the record it will leave. */
async function readInput(dir: string, answers: Answers, recorded: Recorded, deps: GoSreDeps) {
  const template = deps.readTemplate();
  const emittedAs = (module: string) => plan({ ...answers, module }, template, deps.version);
  const recordedModule = emittedAs(answers.module);
  // Of ops/ there may be more than was emitted: what `slo render` was told to render since.
  const rendered = Object.keys(recorded.manifest.files).filter((path) => path.startsWith(opsPrefix));
  const paths = new Set([...recorded.base.keys(), ...recordedModule.keys(), ...rendered]);
  const ours = await readFolder(dir, paths, recorded.base, deps.disk);
  // The user's go.mod may name another module path than was answered.
  const goMod = Buffer.from(ours.files.get('go.mod')?.bytes ?? []).toString();
  const module = { emitted: recorded.manifest.answers.module, now: modulePathIn(goMod) ?? answers.module };
  const planned = module.now === answers.module ? recordedModule : emittedAs(module.now);
  const isRecord = (path: string) => recordPaths.includes(path);
  const input: UpdateInput = {
    base: recorded.base,
    theirs: new Map([...planned].filter(([path]) => !isRecord(path))),
    ours,
    module,
    label: `create-go-sre-service@${deps.version}`,
    enter: dir === deps.cwd ? '' : `cd ${shellWord(relative(deps.cwd, dir))} && `,
  };
  return { input, record: new Map([...planned].filter(([path]) => isRecord(path))) };
}

function refuseUnresolved(found: ReadonlyMap<string, readonly number[]>): void {
  if (found.size === 0) return;
  const places = [...found].flatMap(([path, lines]) => lines.map((line) => `  ${path}:${line}`));
  throw failed(
    `Conflict markers are still in these files. Decide what stays, remove the marker lines, and run it again:\n${places.join('\n')}`,
  );
}

/**
 * Whether today's template gives what the service was made of.
 * @param sameVersion ops/ then differs only by what `slo render` was told since, and that it rendered itself
 */
function isSame({ base, theirs, module }: UpdateInput, sameVersion: boolean): boolean {
  const counts = (path: string) => !(sameVersion && path.startsWith(opsPrefix));
  const same = ([path, { bytes, mode }]: [string, File]) =>
    !counts(path) || isEqual({ bytes: withModule(path, bytes, module), mode }, theirs.get(path));
  return [...base].every(same) && [...theirs.keys()].every((path) => !counts(path) || base.has(path));
}

function isEqual(a: File | undefined, b: File | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.mode === b.mode && Buffer.compare(a.bytes, b.bytes) === 0;
}

/** The options of --with that the update adds. */
function addedOptions(before: Answers, now: Answers): string[] {
  return now.with.filter((name) => !before.with.includes(name));
}

/** What the answers change, each as a few words. */
function askedFor(before: Answers, now: Answers): string[] {
  const added = addedOptions(before, now);
  return [
    ...(added.length > 0 ? [`with ${added.join(' and ')} added`] : []),
    ...(now.router === before.router ? [] : [`on ${now.router} instead of ${before.router}`]),
    ...(now.ci.join() === before.ci.join() ? [] : [`with CI on ${now.ci.join(' and ') || 'nothing'}`]),
  ];
}

/** What resolves a conflict in ops/ for whoever did not mean to edit it. */
const renderAnew = (enter: string) =>
  `rendered from slo.json; to write it anew, without edits: ${enter}npx -y -p create-go-sre-service go-sre slo render`;

function describe(
  files: readonly FileUpdate[],
  changed: readonly FileUpdate[],
  values: UpdateValues,
  recorded: Recorded,
  answers: Answers,
  version: string,
  enter: string,
): Pick<UpdateReport, 'files' | 'conflicts' | 'notes'> & { diff?: string } {
  const verb = values['dry-run'] ? 'Would update' : 'Updated';
  const versions = `to create-go-sre-service ${version} (it was from ${recorded.generated})`;
  const asked = askedFor(recorded.manifest.answers, answers).map((words) => `, ${words}`);
  const count = changed.length === 1 ? '1 file changes' : `${changed.length} files change`;
  return {
    files: files.map(({ path, state, template, notes }) => ({
      path,
      state,
      ...(template !== undefined && { template }),
      notes: state === 'conflict' && path.startsWith(opsPrefix) ? [...notes, renderAnew(enter)] : notes,
    })),
    conflicts: files.flatMap(({ path, conflicts }) => conflicts.map((line) => ({ path, line }))),
    notes: [`${verb} ${answers.name} ${versions}${asked.join('')}: ${count}.`],
    ...(values.diff && { diff: changed.map(unifiedDiff).join('') }),
  };
}

/**
 * What undoes the update, or why it is refused. Edits are merged and never lost, so uncommitted ones elsewhere are no reason to
 * stop; in a file that the update changes, git could not tell them from the update's afterwards, neither to look at nor
 * to take back. (copier refuses every dirty tree, which makes people commit what they do not mean to.)
 */
async function howToUndo(
  dir: string,
  changed: readonly FileUpdate[],
  values: UpdateValues,
  deps: GoSreDeps,
): Promise<{ refusal?: string; undo?: string }> {
  const dirty = await uncommitted(dir, deps.git);
  if (dirty === undefined) return {};
  const paths = [...changed.map(({ path }) => path), ...recordPaths];
  const both = paths.filter((path) => dirty.has(path));
  if (both.length > 0 && !values['allow-dirty']) {
    return {
      refusal: `The update changes files that have uncommitted changes:\n${both.map((path) => `  ${path}`).join('\n')}\nCommit them first, so that git can undo the update and show it on its own; or add --allow-dirty: they are merged all the same.`,
    };
  }
  return dirty.size === 0 ? { undo: 'git stash --include-untracked' } : {};
}

/** What to do now; `tags` are the build tags of the service, without which Go would compile other files. */
function nextSteps(
  changed: readonly FileUpdate[],
  undo: string | undefined,
  tags: string,
): UpdateReport['next'] {
  const modules = changed.some(({ path }) => path === 'go.mod' || path === 'go.sum');
  return [
    ...(modules ? [{ does: 'bring go.mod and go.sum in order', run: 'go mod tidy' }] : []),
    {
      does: 'see that everything still holds; a file that gofmt names needs gofmt -w',
      // gofmt succeeds whatever it names: its silence is the test.
      run: `test -z "$(gofmt -l cmd internal | tee /dev/stderr)" && go vet -tags ${tags} ./... && go test -tags ${tags} ./...`,
    },
    ...(undo === undefined ? [] : [{ does: 'or set the update aside: it was the only change', run: undo }]),
  ];
}

/** What the added options need beside the service, as after creating it. */
function addedSteps(files: readonly FileUpdate[], added: readonly string[], name: string, tags: string) {
  const main = files.find(({ path, template }) => (template ?? path) === `cmd/${name}/main.go`)?.path;
  const goRun = `go run -tags ${tags} ./${posix.dirname(main ?? `cmd/${name}/main.go`)}`;
  const database = databaseWords(added, name);
  const told = { does: 'run the service, told where its database is', run: `${database}${goRun}` };
  return [...serverSteps(added, name, goRun), ...(database === '' ? [] : [told])];
}

/** The record with the sums of ops/ as it is rendered now, from the user's objectives. */
function withOps(record: Files, rendered: Files): Files {
  const manifest = parseManifest(Buffer.from(record.get(manifestPath)!.bytes).toString());
  const ops = [...rendered].filter(([path]) => path.startsWith(opsPrefix));
  const text = renderManifest(withRendered(manifest, new Map(ops.map(([path, { bytes }]) => [path, bytes]))));
  return new Map([...record, [manifestPath, { bytes: Buffer.from(text), mode: 0o644 }]]);
}

/** The record of the new state, after everything else. */
function recordUpdates(before: Files, after: Files): FileUpdate[] {
  return recordPaths.map((path) => ({
    path,
    state: 'updated',
    before: before.get(path),
    after: after.get(path),
    conflicts: [],
    notes: [],
  }));
}
