import { type HarborAbilities, harborAbilities, stringAt } from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';
import { failed, usage } from '../errors.ts';
import type { Credentials } from './credentials.ts';
import { createHarborClient, type HarborClient, HarborError } from './harbor-client.ts';

/** A Harbor that answered, and what it can do. */
export type Harbor = { client: HarborClient; version: string; abilities: HarborAbilities };

/** The parts of a connection that come from outside. */
export type HarborConnection = Pick<GoSreDeps, 'fetch'> & {
  credentials: Credentials;
  wait: (ms: number) => Promise<void>;
  signal?: AbortSignal | undefined;
};

/**
 * The address of a Harbor as it is used: no path of the API, no credentials, TLS unless it is on this machine.
 * @throws CliError (exit code 2)
 */
export function harborUrl(text: string, allowHttp: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw usage(
      `--url must be Harbor's address, such as https://harbor.example.com, not ${JSON.stringify(text)}.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw usage('--url must hold no credentials: set HARBOR_USERNAME and HARBOR_PASSWORD instead.');
  }
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol === 'http:' && !local && !allowHttp) {
    throw usage(
      '--url is plain HTTP: the password would be readable on the way. Use https, or say --allow-http.',
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/api(?:\/v2\.0)?$/, '')}`;
}

/**
 * Asks a Harbor for its version, at the path of version 2 first.
 * @throws CliError (exit code 1) when it does not answer, or is none that has quotas
 */
export async function connectHarbor(url: string, connection: HarborConnection): Promise<Harbor> {
  const open = (apiPath: string) => createHarborClient({ base: `${url}${apiPath}`, ...connection });
  let version: string | undefined;
  for (const apiPath of ['/api/v2.0', '/api']) {
    try {
      const { body } = await open(apiPath).request({ method: 'GET', path: '/systeminfo' });
      version = stringAt(body, 'harbor_version');
      if (version !== undefined) break;
    } catch (error) {
      if (!(error instanceof HarborError)) throw error;
      if (error.status !== 404) throw failed(`${url} cannot be asked for its version: ${error.message}.`);
    }
  }
  if (version === undefined) {
    throw failed(`${url} does not tell its version: is it a Harbor, and are the credentials right?`);
  }
  const abilities = harborAbilities(version);
  if (abilities === undefined) throw failed(`${url} is Harbor ${version}; quotas came with 1.9.`);
  return { client: open(abilities.apiPath), version, abilities };
}
