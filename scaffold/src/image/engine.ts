import { join } from 'node:path';
import type { GoSreDeps } from '../command.ts';
import { failed } from '../errors.ts';

const inspectMs = 60_000;
const saveMs = 30 * 60_000;

/**
 * Lets the engine write an image to a file of `folder`; no byte of it goes through memory.
 * @param isFile whether a file or folder has that name, too, and is no image
 * @returns the file's path
 * @throws CliError (exit code 1) when there is no engine, or no such image in it
 */
export async function saveFromEngine(
  reference: string,
  isFile: boolean,
  folder: string,
  deps: Pick<GoSreDeps, 'run' | 'cwd'>,
): Promise<string> {
  const asked = await deps.run('docker', ['image', 'inspect', '--format', '{{.Id}}', reference], {
    cwd: deps.cwd,
    timeoutMs: inspectMs,
  });
  if (asked.status !== 0) throw notThere(reference, isFile, asked);
  const file = join(folder, 'image.tar');
  const saved = await deps.run('docker', ['save', '--output', file, reference], {
    cwd: deps.cwd,
    timeoutMs: saveMs,
  });
  if (saved.status !== 0) throw failed(`docker save ${reference} failed: ${saidBy(saved)}.`);
  return file;
}

type Ran = Awaited<ReturnType<GoSreDeps['run']>>;

function notThere(reference: string, isFile: boolean, asked: Ran): Error {
  const no = isFile ? `What lies there as ${reference} holds no image` : `There is no file ${reference}`;
  const files = 'Or name a tar of docker save or an OCI layout';
  if (asked.problem !== undefined) {
    return failed(
      `${no}, and no engine was asked for an image of that name: ${asked.problem}. Install Docker. ${files}.`,
    );
  }
  const said = saidBy(asked);
  if (/no such image/i.test(said)) {
    return failed(
      `${no}, and the engine has no image of that name. Build it, or docker pull ${reference}. ${files}.`,
    );
  }
  return failed(`${no}, and the engine does not tell of an image: ${said}. ${files}.`);
}

function saidBy({ stderr, problem }: Ran): string {
  const text = problem ?? stderr.trim().split('\n')[0] ?? '';
  return text.replace(/[.?]$/, '') || 'it said nothing';
}
