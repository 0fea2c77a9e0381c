import { posix } from 'node:path';
import type { File, Files } from '../disk.ts';
import { basePath } from '../manifest.ts';
import { decodeText, type MergedFile, mergeFile } from '../merge/file.ts';
import { conflictLines } from '../merge/text.ts';
import { withFolders, withModule } from './adapt.ts';
import { findMoves, folderMoves, movedPath } from './moves.ts';

/** The user's folder. */
export type Folder = {
  /** Files that can be merged: those at emitted paths and those that may be emitted ones at a new place. */
  files: Files;
  /** Everything else that takes a path: what it is, as the end of a sentence. */
  obstacles: ReadonlyMap<string, string>;
  /** Sentences for the user about what was not read. */
  notes: readonly string[];
};

/** Everything an update is planned from. */
export type UpdateInput = {
  /** The files as they were emitted, with the module path they were emitted with. */
  base: Files;
  /** The files as today's template gives them, with the module path of today. */
  theirs: Files;
  ours: Folder;
  module: { emitted: string; now: string };
  /** What conflict markers call the template's side. */
  label: string;
  /** Stands before a printed command: empty in the folder of the service, else `cd DIR && `. */
  enter: string;
};

/**
 * What happens to a file. `unchanged`: as it is; `added`, `updated`: the template's; `merged`: both sides' changes;
 * `conflict`: both sides' changes, and the user decides; `removed`: with the template; `kept`: the user's although
 * the template dropped it; `deleted`: the user deleted it, and so it stays.
 */
export type State =
  | 'unchanged'
  | 'added'
  | 'updated'
  | 'merged'
  | 'conflict'
  | 'removed'
  | 'kept'
  | 'deleted';

/** One file of the update. */
export type FileUpdate = {
  path: string;
  state: State;
  /** Its path in the template, where that is another one. */
  template?: string;
  before: File | undefined;
  after: File | undefined;
  /** Lines, from 1, at which the user has to decide. */
  conflicts: readonly number[];
  /** Sentences for the user. */
  notes: readonly string[];
};

/** The whole update, or what makes it impossible: sentences, each with its path. */
export type UpdatePlan = { files: readonly FileUpdate[]; problems: readonly string[] };

/** A file in its three versions, each where it is known. */
type Subject = {
  /** In the template of today, or of then where it is gone. */
  template: string;
  /** Where it lies, or will lie. */
  path: string;
  /** Where the user's version lies now. */
  oursPath: string;
  base: File | undefined;
  theirs: File | undefined;
};

/**
 * Merges the template's changes into the user's files, file by file. Pure: nothing is read or written, and the same
 * input gives the same plan.
 */
export function planUpdate(input: UpdateInput): UpdatePlan {
  const base = mapFiles(input.base, (path, file) => withModule(path, file.bytes, input.module));
  const moves = findAllMoves({ ...input, base });
  const folders = folderMoves(moves.user, base.keys(), (path) => input.ours.files.has(path));
  const problems: string[] = [];
  const files: FileUpdate[] = [];
  for (const subject of subjects({ ...input, base }, moves, folders)) {
    const ours = input.ours.files.get(subject.oursPath);
    const adapt = (file: File | undefined) =>
      file && {
        ...file,
        bytes: withFolders(subject.template, file.bytes, ours?.bytes, { ...input, folders }),
      };
    const versions = { base: adapt(subject.base), ours, theirs: adapt(subject.theirs) };
    const obstacle = obstacleAt(subject, versions, input.ours);
    if (obstacle !== undefined) problems.push(obstacle);
    else if (
      ours === undefined &&
      subject.base === undefined &&
      folderIsGone(subject.path, base, input, moves)
    ) {
      files.push(gone(subject, input, 'new in the template, in a folder that you deleted'));
    } else files.push(...decide(subject, versions, input));
  }
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), problems };
}

/** Files that take part in the update and still hold conflict markers: path -> lines, from 1. */
export function unresolved(input: UpdateInput): Map<string, number[]> {
  const { user } = findAllMoves(input);
  const found = new Map<string, number[]>();
  for (const path of [...input.base.keys(), ...input.theirs.keys(), ...user.values()].sort()) {
    const text = decodeText(input.ours.files.get(path)?.bytes ?? new Uint8Array());
    const lines = text === undefined ? [] : conflictLines(text);
    if (lines.length > 0) found.set(path, lines);
  }
  return found;
}

type Moves = { user: ReadonlyMap<string, string>; template: ReadonlyMap<string, string> };

/** Which emitted files lie elsewhere: in the user's folder, and in today's template. */
function findAllMoves({ base, theirs, ours }: Pick<UpdateInput, 'base' | 'theirs' | 'ours'>): Moves {
  const without = (files: Files, others: Files) => contents(files, (path) => !others.has(path));
  const taken = (path: string) => ours.files.has(path) || ours.obstacles.has(path);
  const missing = contents(base, (path) => !taken(path));
  const user = missing.size === 0 ? new Map<string, string>() : findMoves(missing, without(ours.files, base));
  const template = findMoves(without(base, theirs), without(theirs, base));
  // A file of the user's that stands at the new place is another one, unless the user moved it there as well.
  for (const [from, to] of template) if (taken(to) && user.get(from) !== to) template.delete(from);
  return { user, template };
}

/** Every file of either side, once. */
function subjects(
  { base, theirs }: UpdateInput,
  moves: Moves,
  folders: ReadonlyMap<string, string>,
): Subject[] {
  const found: Subject[] = [];
  for (const [path, file] of base) {
    const template = moves.template.get(path) ?? path;
    const oursPath = moves.user.get(path) ?? path;
    const place = oursPath !== path || template === path ? oursPath : movedPath(template, folders);
    found.push({ template, path: place, oursPath, base: file, theirs: theirs.get(template) });
  }
  const known = new Set(found.map(({ template }) => template));
  for (const [template, file] of theirs) {
    if (known.has(template)) continue;
    const path = movedPath(template, folders);
    found.push({ template, path, oursPath: path, base: undefined, theirs: file });
  }
  return found;
}

type FileVersions = { base: File | undefined; ours: File | undefined; theirs: File | undefined };

function decide(subject: Subject, { base, ours, theirs }: FileVersions, input: UpdateInput): FileUpdate[] {
  if (ours === undefined) {
    if (theirs === undefined) return [];
    if (base === undefined) return [update(subject, 'added', undefined, theirs)];
    return [
      same(base, theirs)
        ? gone(subject, input)
        : gone(subject, input, 'you deleted it, and the template changed it'),
    ];
  }
  if (theirs === undefined) {
    if (base !== undefined && sameText(base, ours)) return [update(subject, 'removed', ours, undefined)];
    const note = 'the template dropped it; you changed it, so it stays';
    return [update(subject, 'kept', ours, ours, { notes: [note] })];
  }
  const versions = { base: base?.bytes, ours: ours.bytes, theirs: theirs.bytes };
  const merged = mergeFile(subject.template, versions, input.label);
  const mode = mergedMode(base?.mode, ours.mode, theirs.mode);
  return placed(subject, { before: ours, after: { bytes: merged.bytes, mode }, theirs }, merged, input.ours);
}

/** The merged file, the copy of the template's beside it, and the old place of one that the template moved. */
function placed(
  subject: Subject,
  { before, after, theirs }: Record<'before' | 'after' | 'theirs', File>,
  merged: MergedFile,
  ours: Folder,
): FileUpdate[] {
  const { path, oursPath } = subject;
  const moved = path !== oursPath;
  const unchanged = same(before, after) && !moved;
  const state =
    merged.conflicts.length > 0
      ? 'conflict'
      : unchanged
        ? 'unchanged'
        : same(after, theirs)
          ? 'updated'
          : 'merged';
  const notes = moved ? [...merged.notes, `moved from ${oursPath}, as in the template`] : merged.notes;
  const updates = [
    update(subject, state, moved ? undefined : before, after, { conflicts: merged.conflicts, notes }),
  ];
  if (moved)
    updates.push(
      update({ ...subject, path: oursPath }, 'removed', before, undefined, { notes: [`moved to ${path}`] }),
    );
  if (merged.beside !== undefined) {
    const beside = { bytes: merged.beside, mode: theirs.mode };
    updates.push(update({ ...subject, path: freePath(`${path}.new`, ours) }, 'added', undefined, beside));
  }
  return updates;
}

function freePath(path: string, ours: Folder): string {
  return ours.files.has(path) || ours.obstacles.has(path) ? freePath(`${path}.new`, ours) : path;
}

function update(
  { path, template }: Subject,
  state: State,
  before: File | undefined,
  after: File | undefined,
  told: Partial<Pick<FileUpdate, 'conflicts' | 'notes'>> = {},
): FileUpdate {
  const elsewhere = template !== path && state !== 'removed' && !path.endsWith('.new');
  return { path, state, ...(elsewhere && { template }), before, after, conflicts: [], notes: [], ...told };
}

/** A file that the user deleted stays so; the recorded base has it, for whoever wants it back. */
function gone(subject: Subject, { enter }: UpdateInput, why?: string): FileUpdate {
  const back = `to have it: ${enter}tar -xzf ${basePath} ${subject.template}`;
  const notes = why === undefined ? [] : [`${why}; ${back}`];
  return update(subject, 'deleted', undefined, undefined, { notes });
}

/** Whether the template had files in the folder of `path` and the user deleted all of them. */
function folderIsGone(path: string, base: Files, { ours }: UpdateInput, moves: Moves): boolean {
  const folder = posix.dirname(path);
  const emitted = [...base.keys()].filter((other) => posix.dirname(other) === folder);
  const there = (other: string) =>
    ours.files.has(other) || ours.obstacles.has(other) || moves.user.has(other);
  const own = [...ours.files.keys()].some((other) => posix.dirname(other) === folder);
  return folder !== '.' && emitted.length > 0 && !own && !emitted.some(there);
}

/** Why a file that has to change cannot be changed, as a sentence with its path. */
function obstacleAt(
  subject: Subject,
  { base, theirs }: FileVersions,
  { files, obstacles }: Folder,
): string | undefined {
  if (base && theirs && same(base, theirs) && subject.path === subject.oursPath) return undefined;
  for (const path of new Set([subject.oursPath, subject.path])) {
    for (let above = path; above !== '.'; above = posix.dirname(above)) {
      const what = obstacles.get(above);
      if (what !== undefined) return `${above} ${what}`;
      if (above !== path && files.has(above)) return `${above} is a file, and the template has ${path}`;
    }
  }
  return undefined;
}

function same(a: File, b: File): boolean {
  return executable(a.mode) === executable(b.mode) && Buffer.compare(a.bytes, b.bytes) === 0;
}

function sameText(base: File, ours: File): boolean {
  if (Buffer.compare(base.bytes, ours.bytes) === 0) return true;
  const [a, b] = [base, ours].map(({ bytes }) => decodeText(bytes)?.replaceAll('\r\n', '\n'));
  return a !== undefined && a === b;
}

/** Whether the owner may run it: the one permission that the template decides. */
function executable(mode: number): boolean {
  return (mode & 0o100) !== 0;
}

/** The user's permissions, with the right to run it changed where the template changed that. */
function mergedMode(base: number | undefined, ours: number, theirs: number): number {
  if (base === undefined || executable(base) === executable(theirs)) return ours;
  return executable(theirs) ? ours | ((ours & 0o444) >> 2) : ours & ~0o111;
}

function contents(files: Files, filter: (path: string) => boolean): Map<string, Uint8Array> {
  return new Map([...files].filter(([path]) => filter(path)).map(([path, { bytes }]) => [path, bytes]));
}

function mapFiles(files: Files, change: (path: string, file: File) => Uint8Array): Files {
  return new Map([...files].map(([path, file]) => [path, { ...file, bytes: change(path, file) }]));
}
