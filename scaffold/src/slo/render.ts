import { join } from 'node:path';
import { oversized } from '../../../gitops/index.ts';
import type { Service } from '../../../slo/index.ts';
import type { Answers } from '../answers.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { type CliError, failed } from '../errors.ts';
import {
  generatorVersion,
  type Manifest,
  manifestPath,
  parseManifest,
  renderManifest,
  withRendered,
} from '../manifest.ts';
import type { FileChange, FileRemoval } from '../write-files.ts';
import type { KeptChoices } from './choices.ts';
import { type Leftover, leftovers } from './leftovers.ts';
import { renderOps } from './ops.ts';
import { joinedSpec, specTexts } from './specs.ts';

/**
 * One file made from the objectives, and how it stands to what is on the disk. `removed`: it no longer follows and is as it was
 * rendered; `edited`: it no longer follows, and somebody changed it, so it stays.
 */
type RenderedFile = {
  path: string;
  bytes: number;
  state: 'new' | 'changed' | 'unchanged' | 'removed' | 'edited';
};

/** What follows from the objectives, and what has to be written and removed for it. */
export type Rendering = {
  files: readonly RenderedFile[];
  /** Those of the files that differ, as `writeFiles` takes them, and the manifest that records all of them. */
  changes: readonly FileChange[];
  removals: readonly FileRemoval[];
  /** Sentences for the user about what is allowed and seldom meant. */
  warnings: readonly string[];
};

/** What a command line changes about what the manifest keeps. */
export type Asked = {
  choose: (kept: KeptChoices) => KeptChoices;
  /** Files with objectives instead of those that are kept, relative to the service; absent: those. */
  specs?: readonly string[];
};

/**
 * Renders the objectives of the service in `dir` and compares the files with those there; writes nothing.
 * @param planned what slo.json will be, when it is not yet on the disk
 * @throws CliError (exit code 1) when the objectives are missing, unreadable or wrong: every problem with its path
 */
export async function planRendering(
  dir: string,
  disk: Pick<Disk, 'readFile'>,
  planned?: string,
  asked: Asked = { choose: (kept) => kept },
): Promise<Rendering> {
  const record = await readManifest(dir, disk);
  const answers = record?.manifest.answers;
  const choices = asked.choose(answers?.render ?? {});
  const specs = asked.specs ?? answers?.specs ?? [];
  const read = await specTexts(dir, specs, disk, planned);
  if (read.length === 0) throw noSpec(dir);
  const { service, warnings } = joinedSpec(read);
  const version = record === undefined ? '' : generatorVersion(record.manifest);
  const texts = renderOps(service, { answers, choices, version });
  const all = await Promise.all([...texts].map(([path, text]) => compared(dir, path, text, disk)));
  const left = record === undefined ? [] : await leftovers(dir, record.manifest, texts, disk);
  const recorded = record ? [recording(record, { choices, specs }, all, left)] : [];
  return {
    files: [...all.map(told), ...left.flatMap(toldLeftover)],
    changes: [...all, ...recorded].filter((change) => stateOf(change) !== 'unchanged'),
    removals: left.flatMap((file) => (file.state === 'removed' ? [file] : [])),
    warnings: [
      ...warnings,
      ...withoutObjectives(dir, service),
      ...oversized(texts),
      ...left.flatMap(editedWarning),
    ],
  };
}

function noSpec(dir: string): CliError {
  return failed(
    `There is no ${join(dir, 'slo.json')} and no slo.yaml beside it. Run this in the folder of a service, or name it with --dir.`,
  );
}

async function compared(
  dir: string,
  path: string,
  text: string,
  disk: Pick<Disk, 'readFile'>,
): Promise<FileChange> {
  return { path, before: await readIfThere(join(dir, path), disk), after: Buffer.from(text) };
}

function withoutObjectives(dir: string, { slos }: Service): string[] {
  if (slos.length > 0) return [];
  return [
    `${join(dir, 'slo.json')} holds no objective, so no rule ever fires. Write objectives into routes.go and print it anew.`,
  ];
}

/** The manifest as it reads when all these files are written, and those that are left over are removed. */
function recording(
  { manifest, bytes }: Recorded,
  { choices, specs }: { choices: KeptChoices; specs: readonly string[] },
  rendered: readonly FileChange[],
  left: readonly Leftover[],
): FileChange {
  const sums = new Map(rendered.map(({ path, after }) => [path, after]));
  const gone = left.filter(({ state }) => state !== 'edited').map(({ path }) => path);
  const answers: Answers = { ...manifest.answers, render: choices, specs };
  const after = Buffer.from(renderManifest(withRendered({ ...manifest, answers }, sums, gone)));
  return { path: manifestPath, before: bytes, after };
}

function told(change: FileChange): RenderedFile {
  return { path: change.path, bytes: change.after.length, state: stateOf(change) };
}

function toldLeftover(file: Leftover): RenderedFile[] {
  if (file.state === 'gone') return [];
  return [{ path: file.path, bytes: file.before.length, state: file.state }];
}

function editedWarning({ path, state }: Leftover): string[] {
  if (state !== 'edited') return [];
  return [
    `${path} is rendered no more, and it was edited by hand, so it stays. Delete it, or move it out of ops/.`,
  ];
}

function stateOf({ before, after }: FileChange): 'new' | 'changed' | 'unchanged' {
  if (before === undefined) return 'new';
  return Buffer.compare(before, after) === 0 ? 'unchanged' : 'changed';
}

type Recorded = { manifest: Manifest; bytes: Buffer };

/** The manifest of the service; without one no template option is on, and nothing is recorded. */
async function readManifest(dir: string, disk: Pick<Disk, 'readFile'>): Promise<Recorded | undefined> {
  const file = join(dir, manifestPath);
  const bytes = await readIfThere(file, disk);
  return bytes === undefined ? undefined : { manifest: parseManifest(bytes.toString(), file), bytes };
}
