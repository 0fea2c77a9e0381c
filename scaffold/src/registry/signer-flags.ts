import { resolve } from 'node:path';
import { type AdmissionConfig, checkConfig } from '../../../images/index.ts';
import { usage } from '../errors.ts';

/** The flags that say who must have signed, and how; those of `registry verify`, `serve` and `policy`. */
export const signerFlags = {
  key: { type: 'string', value: 'FILE', does: 'public key of the signer, or a KMS address' },
  'certificate-identity': { type: 'string', value: 'WHO', does: 'identity in the certificate of the signer' },
  'certificate-identity-regexp': { type: 'string', value: 'RE', does: 'the same as a regular expression' },
  'certificate-oidc-issuer': { type: 'string', value: 'URL', does: 'who vouches for the identity' },
  'certificate-oidc-issuer-regexp': { type: 'string', value: 'RE', does: 'the same as a regular expression' },
  'ca-roots': {
    type: 'string',
    value: 'FILE',
    does: 'roots that certificates must lead to, instead of those of Sigstore',
  },
  'trusted-root': { type: 'string', value: 'FILE', does: 'trust roots of a Sigstore of your own' },
  'no-transparency-log': { type: 'boolean', does: 'take signatures that are in no transparency log' },
} as const;

/** The further flags that say what of an image is checked. */
export const checkFlags = {
  'max-age': { type: 'string', value: 'TIME', does: 'how old the signature may be, such as 90d' },
  'max-image-size': {
    type: 'string',
    value: 'SIZE',
    does: 'how large the compressed layers may be, such as 500MiB',
  },
  'plain-http': {
    type: 'string',
    multiple: true,
    value: 'HOST',
    does: 'registry that is asked over HTTP, repeatable',
  },
  cosign: { type: 'string', value: 'PATH', does: 'the cosign program (default: the one on PATH)' },
} as const;

type TextFlags = Exclude<
  keyof typeof signerFlags | keyof typeof checkFlags,
  'no-transparency-log' | 'plain-http'
>;

/** The values of these flags. */
export type SignerValues = { [K in TextFlags]?: string | undefined } & {
  'no-transparency-log'?: boolean | undefined;
  'plain-http'?: string[] | undefined;
};

/**
 * The configuration that a command line without a file stands for: one policy for the given images.
 * @throws CliError (exit code 2) with every problem under the name of its flag
 */
export function configOfFlags(
  values: SignerValues,
  images: readonly string[],
  more: Readonly<Record<string, unknown>>,
  cwd: string,
): AdmissionConfig {
  const given = (entries: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
  const policy = given({
    images,
    key: values.key,
    identity: values['certificate-identity'],
    identityPattern: values['certificate-identity-regexp'],
    issuer: values['certificate-oidc-issuer'],
    issuerPattern: values['certificate-oidc-issuer-regexp'],
    caRoots: values['ca-roots'],
    trustedRoot: values['trusted-root'],
    maxAge: values['max-age'],
    maxImageSize: values['max-image-size'],
    transparencyLog: !values['no-transparency-log'],
  });
  const ways = [policy.key, policy.identity, policy.identityPattern].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    throw usage(
      'Say who must have signed: --key FILE, or --certificate-identity WHO with --certificate-oidc-issuer URL.',
    );
  }
  const registries = (values['plain-http'] ?? []).map((host) => ({ host, plainHttp: true }));
  const parsed = checkConfig(given({ ...more, policies: [policy], registries, cosign: values.cosign }));
  if ('problems' in parsed)
    throw usage(parsed.problems.map(({ path, message }) => `${flagOf(path)} ${message}.`).join('\n'));
  return withPaths(parsed.config, cwd);
}

const flagNames: Readonly<Record<string, string>> = {
  identity: 'certificate-identity',
  identityPattern: 'certificate-identity-regexp',
  issuer: 'certificate-oidc-issuer',
  issuerPattern: 'certificate-oidc-issuer-regexp',
  caRoots: 'ca-roots',
  trustedRoot: 'trusted-root',
  maxAge: 'max-age',
  maxImageSize: 'max-image-size',
};

function flagOf(path: string): string {
  const key = path.replace(/^policies\[0\]\.?/, '');
  if (key === '') return 'What says who must have signed';
  return `--${flagNames[key] ?? key}`;
}

/** The configuration with the files it names as absolute paths; a key may be an address of a KMS. */
export function withPaths(config: AdmissionConfig, folder: string): AdmissionConfig {
  const file = (path: string | undefined) =>
    path === undefined || path.includes('://') ? path : resolve(folder, path);
  const policies = config.policies.map((policy) => ({
    ...policy,
    key: file(policy.key),
    caRoots: file(policy.caRoots),
    trustedRoot: file(policy.trustedRoot),
  }));
  const cosign = config.cosign.includes('/') ? resolve(folder, config.cosign) : config.cosign;
  return { ...config, policies, cosign };
}
