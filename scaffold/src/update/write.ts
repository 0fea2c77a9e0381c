import { dirname, join } from 'node:path';
import { type Disk, type File, ifThere, readIfThere, staysInside } from '../disk.ts';
import { failed } from '../errors.ts';
import { sha256 } from '../sha256.ts';
import type { FileUpdate } from './plan.ts';

/** Where an update lies until it is complete. */
const stagingPath = '.go-sre/update';

/** One step: the file `staged` takes the place of `path`, or `path` goes away where nothing is staged. */
type Step = {
  path: string;
  staged?: string;
  /** SHA-256 of what stands there now and of what will, lower-case hex; null for no file. */
  before: string | null;
  after: string | null;
};

/** A complete update: its steps, and what is said about it at the end. */
type Journal<Report> = { steps: Step[]; report: Report };

/**
 * Puts every new content and then, as the sign that it is complete, the journal into `.go-sre/update/`; `finish` does
 * the rest. Nothing of the service has changed by then.
 * @throws CliError (exit code 1); what was written is removed by then
 */
export async function stage<Report>(
  dir: string,
  files: readonly FileUpdate[],
  report: Report,
  disk: Disk,
): Promise<void> {
  const folder = join(dir, stagingPath);
  try {
    await disk.rm(folder, { recursive: true, force: true });
    await disk.mkdir(folder, { recursive: true });
    const steps: Step[] = [];
    for (const { path, before, after } of files) {
      const step: Step = { path, before: sum(before?.bytes), after: sum(after?.bytes) };
      if (after !== undefined)
        step.staged = await stageFile(folder, String(steps.length), after, before, disk);
      steps.push(step);
    }
    const journal: Journal<Report> = { steps, report };
    await disk.writeFile(join(folder, 'journal.tmp'), JSON.stringify(journal));
    await disk.rename(join(folder, 'journal.tmp'), join(folder, 'journal.json'));
  } catch (error) {
    await disk.rm(folder, { recursive: true, force: true }).catch(() => undefined);
    throw failed(
      `The update cannot be written to ${folder}: ${message(error)}. Nothing was changed; make room or set the permissions, and run it again.`,
    );
  }
}

async function stageFile(folder: string, name: string, after: File, before: File | undefined, disk: Disk) {
  await disk.writeFile(join(folder, name), after.bytes, { mode: after.mode });
  if (before !== undefined) await disk.chmod(join(folder, name), after.mode); // the umask is for new files
  return name;
}

/**
 * Does the steps of a complete update, or those that are left of an interrupted one: each file is whole at any
 * moment, old or new, and a second run does what the first did not.
 * @returns the report given to `stage`, or undefined when there is no complete update
 * @throws CliError (exit code 1) when a file was edited since, or cannot be written
 */
export async function finish<Report>(dir: string, disk: Disk): Promise<Report | undefined> {
  const journal = await readJournal<Report>(dir, disk);
  if (journal === undefined) return undefined;
  const left = await stepsLeft(dir, journal.steps, disk);
  try {
    for (const step of left) await take(dir, step, disk);
    await disk.rm(join(dir, stagingPath), { recursive: true, force: true });
  } catch (error) {
    throw failed(
      `The update stopped half-way: ${message(error)}. Each file is whole, old or new; set the permissions, and run go-sre update again to finish.`,
    );
  }
  return journal.report;
}

/** Whether a complete update waits to be finished. */
export async function isInterrupted(dir: string, disk: Disk): Promise<boolean> {
  return (await readJournal(dir, disk)) !== undefined;
}

async function readJournal<Report>(dir: string, disk: Disk): Promise<Journal<Report> | undefined> {
  const file = join(dir, stagingPath, 'journal.json');
  const text = (await readIfThere(file, disk))?.toString();
  if (text === undefined) return undefined;
  try {
    const journal = JSON.parse(text) as Journal<Report>;
    // The journal is ours, but it lies in a folder that anyone may send.
    if (journal.steps.every(({ path, staged = '0' }) => staysInside(path) && /^\d+$/.test(staged)))
      return journal;
  } catch {
    // said below
  }
  throw failed(
    `${file} is damaged. Remove ${join(dir, stagingPath)} to give that update up; your files stay as they are.`,
  );
}

/** The steps that are not done, after a look at every file: none of them may be another than it was. */
async function stepsLeft(dir: string, steps: readonly Step[], disk: Disk): Promise<Step[]> {
  const left: Step[] = [];
  const edited: string[] = [];
  for (const step of steps) {
    await refuseLinks(dir, step.path, disk);
    const bytes = await readIfThere(join(dir, step.path), disk);
    const waits = step.staged === undefined || (await exists(join(dir, stagingPath, step.staged), disk));
    const now = sum(bytes);
    if (now === step.before && waits) left.push(step);
    else if (now !== step.after && waits) edited.push(step.path);
  }
  if (edited.length === 0) return left;
  throw failed(
    `These files changed while the update was being written:\n${edited.map((path) => `  ${path}`).join('\n')}\nPut them back as they were and run go-sre update again, or remove ${join(dir, stagingPath)} to give the rest of that update up.`,
  );
}

/** A link on the way would lead the step to another place, even out of the service. */
async function refuseLinks(dir: string, path: string, disk: Disk): Promise<void> {
  for (let at = path; at !== '.'; at = dirname(at)) {
    const stat = await ifThere(join(dir, at), disk.lstat(join(dir, at)));
    if (stat?.isSymbolicLink()) {
      throw failed(
        `${join(dir, at)} is a symbolic link, and an update writes through none: put the file or folder in its place.`,
      );
    }
  }
}

async function take(dir: string, { path, staged }: Step, disk: Disk): Promise<void> {
  const target = join(dir, path);
  if (staged !== undefined) {
    await disk.mkdir(dirname(target), { recursive: true });
    await disk.rename(join(dir, stagingPath, staged), target);
    return;
  }
  await disk.rm(target, { force: true });
  await removeEmptyFolders(dir, dirname(path), disk);
}

async function removeEmptyFolders(dir: string, folder: string, disk: Disk): Promise<void> {
  for (let at = folder; at !== '.'; at = dirname(at)) {
    const removed = await disk.rmdir(join(dir, at)).then(
      () => true,
      () => false, // not empty
    );
    if (!removed) return;
  }
}

async function exists(path: string, disk: Disk): Promise<boolean> {
  return (await ifThere(path, disk.lstat(path))) !== undefined;
}

function sum(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : sha256(bytes);
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
