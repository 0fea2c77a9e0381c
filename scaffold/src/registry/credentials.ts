import { resolve } from 'node:path';
import { isObject, parseJson } from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';
import { readIfThere } from '../disk.ts';
import { usage } from '../errors.ts';

/** What goes into the Authorization header, and the words in it that no message may show. */
export type Credentials = { header: string; secrets: readonly string[] };

const maxFile = 64 * 1024;

/**
 * Harbor's credentials: of a file (`--credentials FILE`), else of HARBOR_USERNAME and HARBOR_PASSWORD, else of
 * HARBOR_TOKEN. Never of a flag, which the shell would keep.
 * @throws CliError (exit code 2) when there are none, or the file holds none
 */
export async function harborCredentials(
  file: string | undefined,
  { env, disk, cwd }: Pick<GoSreDeps, 'env' | 'disk' | 'cwd'>,
): Promise<Credentials> {
  const found = file === undefined ? fromValues(env, 'HARBOR_') : await fromFile(resolve(cwd, file), disk);
  if (found !== undefined) return found;
  throw usage(
    file === undefined
      ? 'Harbor asks for credentials: set HARBOR_USERNAME and HARBOR_PASSWORD (a robot account does), or name a file with --credentials FILE.'
      : `${file} holds no credentials. Write username=… and password=… into it, a line each, or JSON with these keys.`,
  );
}

async function fromFile(path: string, disk: GoSreDeps['disk']): Promise<Credentials | undefined> {
  const bytes = await readIfThere(path, disk);
  if (bytes === undefined) throw usage(`There is no ${path}.`);
  if (bytes.length > maxFile) throw usage(`${path} is too large for credentials.`);
  const text = bytes.toString();
  const json = parseJson(text);
  if (isObject(json)) return fromValues(json, '');
  const lines = text.split('\n').map((line) => /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line));
  return fromValues(
    Object.fromEntries(lines.flatMap((line) => (line === null ? [] : [[line[1], line[2]]]))),
    '',
  );
}

/** `username` and `password`, or `token`, each in lower or upper case behind a prefix. */
function fromValues(values: Readonly<Record<string, unknown>>, prefix: string): Credentials | undefined {
  const value = (name: string) =>
    [values[`${prefix}${name.toUpperCase()}`], values[name], values[`HARBOR_${name.toUpperCase()}`]].find(
      (one) => typeof one === 'string' && one !== '',
    ) as string | undefined;
  const [username, password, token] = [value('username'), value('password'), value('token')];
  if (username !== undefined && password !== undefined) return basic(username, password);
  return token === undefined ? undefined : { header: `Bearer ${token}`, secrets: [token] };
}

/** Credentials of a user and a password. */
export function basic(username: string, password: string): Credentials {
  const encoded = Buffer.from(`${username}:${password}`).toString('base64');
  return { header: `Basic ${encoded}`, secrets: [password, encoded] };
}
