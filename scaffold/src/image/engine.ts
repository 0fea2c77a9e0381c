import { join } from 'node:path';
import type { GoSreDeps } from '../command.ts';
import { failed } from '../errors.ts';

const inspectMs = 60_000;
const saveMs = 30 * 60_000;

/**
 * Lets the engine write an image to a file of `folder`; no byte of it goes through memory.
 * @returns the file's path
 * @throws CliError (exit code 1) when there is no engine, or no such image in it
 */
export async function saveFromEngine(
  reference: string,
  folder: string,
  deps: Pick<GoSreDeps, 'run' | 'cwd'>,
): Promise<string> {
  const asked = await deps.run('docker', ['image', 'inspect', '--format', '{{.Id}}', reference], {
    cwd: deps.cwd,
    timeoutMs: inspectMs,
  });
  if (asked.status !== 0) throw notThere(reference, asked);
  const file = join(folder, 'image.tar');
  const saved = await deps.run('docker', ['save', '--output', file, reference], {
    cwd: deps.cwd,
    timeoutMs: saveMs,
  });
  if (saved.status !== 0) throw failed(`docker save ${reference} failed: ${saidBy(saved)}.`);
  return file;
}

type Ran = Awaited<ReturnType<GoSreDeps['run']>>;

function notThere(reference: string, asked: Ran): Error {
  const files = 'Or name a tar of docker save or an OCI layout';
  if (asked.problem !== undefined) {
    return failed(
      `There is no file ${reference}, and no engine was asked for an image of that name: ${asked.problem}. Install Docker. ${files}.`,
    );
  }
  const said = saidBy(asked);
  if (/no such image/i.test(said)) {
    return failed(
      `There is no file ${reference}, and the engine has no image of that name. Build it, or docker pull ${reference}. ${files}.`,
    );
  }
  return failed(
    `There is no file ${reference}, and the engine does not tell of an image: ${said}. ${files}.`,
  );
}

function saidBy({ stderr, problem }: Ran): string {
  const text = problem ?? stderr.trim().split('\n')[0] ?? '';
  return text.replace(/[.?]$/, '') || 'it said nothing';
}
