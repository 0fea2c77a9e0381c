import { dirname, resolve } from 'node:path';
import { type AdmissionConfig, parseConfig } from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';
import { readIfThere } from '../disk.ts';
import { failed, usage } from '../errors.ts';
import { configOfFlags, type SignerValues, withPaths } from './signer-flags.ts';

/** The flags of `registry serve` that stand beside those about the signer. */
export type ServeValues = SignerValues & {
  config?: string | undefined;
  images?: string[] | undefined;
  listen?: string | undefined;
  'tls-cert'?: string | undefined;
  'tls-key'?: string | undefined;
  audit?: string | undefined;
  'fail-open'?: boolean | undefined;
};

/**
 * The configuration of the server: of a file, whose paths are relative to it, or of flags.
 * @throws CliError (exit code 2, with every problem and its path)
 */
export async function serveConfig(
  values: ServeValues,
  deps: Pick<GoSreDeps, 'disk' | 'cwd'>,
): Promise<AdmissionConfig> {
  const config =
    values.config === undefined ? ofFlags(values, deps.cwd) : await ofFile(values.config, values, deps);
  await refuseMissing(config, deps.disk);
  return config;
}

async function ofFile(
  name: string,
  values: ServeValues,
  { disk, cwd }: Pick<GoSreDeps, 'disk' | 'cwd'>,
): Promise<AdmissionConfig> {
  const beside = Object.entries(values).find(
    ([flag, value]) => value !== undefined && flag !== 'config' && flag !== 'check',
  );
  if (beside !== undefined)
    throw usage(`--config stands alone: what --${beside[0]} says belongs into the file.`);
  const file = resolve(cwd, name);
  const bytes = await readIfThere(file, disk);
  if (bytes === undefined) throw usage(`There is no ${file}.`);
  const parsed = parseConfig(bytes.toString());
  if ('problems' in parsed) {
    const lines = parsed.problems.map(
      ({ path, message }) => `  ${path === '' ? 'the document' : path} ${message}`,
    );
    throw usage(`${file} is wrong:\n${lines.join('\n')}`);
  }
  return absolute(parsed.config, dirname(file));
}

function ofFlags(values: ServeValues, cwd: string): AdmissionConfig {
  const { images, listen, audit } = values;
  if (images === undefined)
    throw usage(
      '--images is missing: which images are verified, such as "ghcr.io/acme/**". Or write --config FILE.',
    );
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(listen ?? '8443') ?? [];
  if (port === undefined) throw usage(`--listen must be HOST:PORT or PORT, not ${JSON.stringify(listen)}.`);
  const [cert, key] = [values['tls-cert'], values['tls-key']];
  if ((cert === undefined) !== (key === undefined)) throw usage('--tls-cert and --tls-key belong together.');
  const more = {
    listen: { ...(host === undefined ? {} : { host }), port: Number(port) },
    tls: cert === undefined ? undefined : { cert, key },
    audit,
    failOpen: values['fail-open'],
  };
  return absolute(configOfFlags(values, images, more, cwd), cwd);
}

function absolute(config: AdmissionConfig, folder: string): AdmissionConfig {
  const { tls, harbor, audit } = config;
  const file = (path: string) => resolve(folder, path);
  return {
    ...withPaths(config, folder),
    audit: audit === '-' ? audit : file(audit),
    ...(tls === undefined ? {} : { tls: { cert: file(tls.cert), key: file(tls.key) } }),
    ...(harbor === undefined
      ? {}
      : {
          harbor: {
            ...harbor,
            credentialsFile: harbor.credentialsFile === undefined ? undefined : file(harbor.credentialsFile),
            secretFile: harbor.secretFile === undefined ? undefined : file(harbor.secretFile),
          },
        }),
  };
}

/**
 * Refuses keys and roots that are not there, before any image is judged by them.
 * @throws CliError (exit code 2)
 */
export async function refuseMissing({ policies }: AdmissionConfig, disk: GoSreDeps['disk']): Promise<void> {
  const files = policies.flatMap(({ key, caRoots, trustedRoot }) => [key, caRoots, trustedRoot]);
  for (const file of new Set(files)) {
    if (file === undefined || file.includes('://')) continue;
    if ((await readIfThere(file, disk)) === undefined) throw usage(`There is no ${file}.`);
  }
}

/**
 * What Harbor's webhook has to send as its auth header: of the file, else of HARBOR_WEBHOOK_SECRET.
 * @throws CliError (exit code 2 or 1)
 */
export async function webhookSecret(
  file: string | undefined,
  { env, disk }: Pick<GoSreDeps, 'env' | 'disk'>,
): Promise<string> {
  const text = file === undefined ? env.HARBOR_WEBHOOK_SECRET : (await readIfThere(file, disk))?.toString();
  const secret = text?.trim() ?? '';
  if (secret.length >= 8) return secret;
  const where = file ?? 'HARBOR_WEBHOOK_SECRET';
  if (secret === '')
    throw usage(`${where} is missing or empty: it holds the auth header of Harbor's webhook.`);
  throw failed(`${where} is too short for a secret: at least 8 characters.`);
}
