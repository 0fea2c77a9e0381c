import { homedir } from 'node:os';
import { join } from 'node:path';
import { at, isObject, parseJson, stringAt } from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';
import { basic, type Credentials } from './credentials.ts';

/** Finds what to log in to a registry with; undefined for none. Never throws. */
export type FindCredentials = (host: string) => Promise<Credentials | undefined>;

/** Docker's own name for its registry. Source: https://docs.docker.com/reference/cli/docker/login/ */
const dockerHubKeys = ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'];

/**
 * Credentials as `docker login` keeps them, which cosign reads too: config.json of DOCKER_CONFIG or ~/.docker, and the
 * helper that it names. The file is read anew each time, so that a rotated secret is taken.
 */
export function dockerCredentials({
  disk,
  env,
  run,
  cwd,
}: Pick<GoSreDeps, 'disk' | 'env' | 'run' | 'cwd'>): FindCredentials {
  const folder = env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), '.docker');
  return async (host) => {
    const text = await disk.readFile(join(folder, 'config.json')).catch(() => undefined);
    const config = text === undefined ? undefined : parseJson(text.toString());
    const keys = dockerHubKeys.includes(host)
      ? dockerHubKeys
      : [host, `https://${host}`, `https://${host}/v1/`];
    for (const key of keys) {
      const helper = stringAt(config, 'credHelpers', key);
      const found =
        helper === undefined ? ofEntry(at(config, 'auths', key)) : await ofHelper(helper, key, run, cwd);
      if (found !== undefined) return found;
    }
    const store = stringAt(config, 'credsStore');
    return store === undefined ? undefined : ofHelper(store, keys[0]!, run, cwd);
  };
}

function ofEntry(entry: unknown): Credentials | undefined {
  const [username, password] = [stringAt(entry, 'username'), stringAt(entry, 'password')];
  if (username && password) return basic(username, password);
  const auth = stringAt(entry, 'auth');
  if (!auth) return undefined;
  const [, user, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(auth, 'base64').toString()) ?? [];
  return user === undefined || secret === undefined ? undefined : basic(user, secret);
}

/** Source of the protocol: https://github.com/docker/docker-credential-helpers */
async function ofHelper(
  name: string,
  key: string,
  run: GoSreDeps['run'],
  cwd: string,
): Promise<Credentials | undefined> {
  if (!/^[\w-]+$/.test(name)) return undefined;
  const options = { cwd, stdin: Buffer.from(key), timeoutMs: 5000, maxBytes: 64 * 1024 };
  const { status, stdout } = await run(`docker-credential-${name}`, ['get'], options);
  const answer = status === 0 ? parseJson(stdout.toString()) : undefined;
  if (!isObject(answer)) return undefined;
  const [username, secret] = [stringAt(answer, 'Username'), stringAt(answer, 'Secret')];
  return username && secret ? basic(username, secret) : undefined;
}
