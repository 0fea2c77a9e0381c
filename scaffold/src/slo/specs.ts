import { basename, resolve } from 'node:path';
import { readSpecFiles } from '../../../slo/import/read.ts';
import { formatFileProblems, parseSpec, type Service, type SpecFile } from '../../../slo/index.ts';
import type { GoSreDeps } from '../command.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { failed } from '../errors.ts';
import { readSpec } from './ops.ts';

/** The file that the service prints, and the one that is written by hand beside it. */
const ownFiles = { printed: 'slo.json', written: 'slo.yaml' } as const;

/** More files than a person can oversee. */
export const maxSpecs = 50;

/**
 * Reads slo.json, slo.yaml beside it and `more`; of the first two those that are there.
 * @param more further files, relative to `dir`
 * @param planned what slo.json will be, when it is not yet on the disk
 * @throws CliError (exit code 1) when one of `more` is missing
 */
export async function specTexts(
  dir: string,
  more: readonly string[],
  disk: Pick<Disk, 'readFile'>,
  planned?: string,
): Promise<readonly SpecFile[]> {
  const [printed, written] = [resolve(dir, ownFiles.printed), resolve(dir, ownFiles.written)];
  const found: SpecFile[] = [];
  for (const file of new Set([printed, written, ...more.map((path) => resolve(dir, path))])) {
    const isPlanned = file === printed && planned !== undefined;
    const text = isPlanned ? planned : (await readIfThere(file, disk))?.toString();
    if (text !== undefined) found.push({ file, text });
    else if (file !== printed && file !== written)
      throw failed(
        `There is no ${file}, which --slo named. Put it there, or name the files anew; --slo none for no further files.`,
      );
  }
  return found;
}

/**
 * The objectives in the folder of a service, and those of further files; warnings go to standard error.
 * @param flags `--dir` and `--slo` as they were given: both relative to where the command was started
 * @throws CliError (exit code 1) when there are none, or they are wrong: every problem of all files
 */
export async function readObjectives(
  flags: { readonly dir?: string | undefined; readonly slo?: readonly string[] | undefined },
  { cwd, disk, stderr }: Pick<GoSreDeps, 'cwd' | 'disk' | 'stderr'>,
): Promise<Service> {
  const dir = resolve(cwd, flags.dir ?? '.');
  const more = (flags.slo ?? []).map((file) => resolve(cwd, file));
  const files = await specTexts(dir, more, disk);
  if (files.length === 0)
    throw failed(
      `There is no slo.json and no slo.yaml in ${dir}. Name the folder with --dir, or a file with --slo.`,
    );
  const { service, warnings } = joinedSpec(files);
  for (const warning of warnings) stderr.write(`go-sre: ${warning}\n`);
  return service;
}

/** The same files, slo.json with another text. */
export function withPrinted(files: readonly SpecFile[], text: string): readonly SpecFile[] {
  return files.map((one, index) => (index === 0 && isPrinted(one) ? { ...one, text } : one));
}

function isPrinted(one: SpecFile | undefined): one is SpecFile {
  return one !== undefined && basename(one.file) === ownFiles.printed;
}

/**
 * The service that all files speak of, with the objectives of all of them.
 * @throws CliError (exit code 1) that lists every problem of all files, or tells which services they speak of
 */
export function joinedSpec(files: readonly SpecFile[]): { service: Service; warnings: readonly string[] } {
  const [first] = files;
  if (isPrinted(first) && files.length === 1)
    return { service: readSpec(first.text, first.file), warnings: [] };
  const { services, problems, warnings } = readSpecFiles(files, defaultsOf(first));
  if (problems.length > 0) throw failed(`The objectives are not right.\n${formatFileProblems(problems)}`);
  const [service, other] = services;
  if (service === undefined) throw failed(`${files.map(({ file }) => file).join(' and ')} name no service.`);
  if (other === undefined) return { service, warnings };
  throw failed(
    `The files are about several services: ${services.map(({ name }) => name).join(', ')}. One folder renders one service; give each a folder of its own, and name it with --dir.`,
  );
}

/** What OpenSLO and Sloth do not say of a service is as slo.json says it. */
function defaultsOf(first: SpecFile | undefined): Partial<Pick<Service, 'owner' | 'runbook'>> {
  const spec = isPrinted(first) ? parseSpec(first.text) : undefined;
  return spec?.ok ? { owner: spec.service.owner, runbook: spec.service.runbook } : {};
}
