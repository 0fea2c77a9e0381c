import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import {
  type AdmissionConfig,
  type Policy,
  type PolicyEngine,
  type PolicySigner,
  type PolicyWish,
  parseReference,
  readsBundles,
  renderPolicy,
  renderWebhook,
} from '../../../images/index.ts';
import { command } from '../command.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { usage } from '../errors.ts';
import { policiesFolder } from '../package.ts';
import { type FileChange, writeFiles } from '../write-files.ts';
import { checkFlags, configOfFlags, type SignerValues, signerFlags } from './signer-flags.ts';

const engines: readonly PolicyEngine[] = [
  'kyverno',
  'kyverno-cluster-policy',
  'policy-controller',
  'webhook',
];

/** `go-sre registry policy`. */
export const registryPolicy = command({
  name: 'registry policy',
  summary:
    'Writes the policy that lets only signed images into a cluster, for Kyverno, policy-controller or registry serve.',
  details: `
  go-sre registry policy --engine kyverno --key cosign.pub --images 'ghcr.io/acme/**' | kubectl apply -f -

Without --out the policy is printed. A star stands for one part of a name's path, two stars for any; tags and digests
are covered. The webhook's files are the admission server, its configuration and the ValidatingWebhookConfiguration.`,
  flags: {
    engine: { type: 'string', value: 'ENGINE', does: engines.join(', ') },
    images: {
      type: 'string',
      multiple: true,
      value: 'PATTERN',
      does: 'images that must be signed, repeatable',
    },
    ...signerFlags,
    'old-format': { type: 'boolean', does: 'signatures are in the format of cosign 2' },
    'max-age': checkFlags['max-age'],
    'max-image-size': checkFlags['max-image-size'],
    'server-image': { type: 'string', value: 'REF', does: 'webhook: the image of the server' },
    'ca-bundle': {
      type: 'string',
      value: 'FILE',
      does: "webhook: CA of the server's certificate (default: cert-manager's)",
    },
    out: { type: 'string', value: 'DIR', does: 'write ENGINE.yaml there' },
    check: { type: 'boolean', does: 'write nothing; exit code 1 when the file is not what would be written' },
    'dry-run': { type: 'boolean', does: 'say what would be written, write nothing' },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`registry policy takes flags only, ${positionals[0]} is none.`);
    const engine = engines.find((one) => one === values.engine);
    if (engine === undefined) throw usage(`--engine must be one of ${engines.join(', ')}.`);
    if (values.check && values.out === undefined) throw usage('--check needs --out: where the file lies.');
    const { text, warnings } = await plan(engine, values, deps);
    for (const warning of warnings) deps.stderr.write(`go-sre: ${warning}\n`);
    if (values.out === undefined) {
      deps.stdout.write(
        values.json ? `${JSON.stringify({ engine, written: false, text, warnings })}\n` : text,
      );
      return 0;
    }
    const dir = resolve(deps.cwd, values.out);
    const change = await compare(dir, `${engine}.yaml`, text, deps.disk);
    const state = stateOf(change);
    const written = !values.check && !values['dry-run'] && state !== 'unchanged';
    if (written) await writeFiles(dir, [change], deps.disk);
    const path = join(dir, change.path);
    const report = { engine, written, path, state, warnings };
    deps.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${state.padEnd(9)}  ${path}\n`);
    return values.check && state !== 'unchanged' ? 1 : 0;
  },
});

type PolicyValues = SignerValues & {
  images?: string[] | undefined;
  'old-format'?: boolean | undefined;
  'server-image'?: string | undefined;
  'ca-bundle'?: string | undefined;
};

type Outside = { disk: Disk; cwd: string };

async function plan(
  engine: PolicyEngine,
  values: PolicyValues,
  outside: Outside,
): Promise<{ text: string; warnings: readonly string[] }> {
  const { images } = values;
  if (images === undefined)
    throw usage("--images is missing: which images must be signed, such as 'ghcr.io/acme/**'.");
  refuseStray(engine, values);
  const config = configOfFlags(values, images, {}, outside.cwd);
  const template = readFileSync(join(policiesFolder, `${engine}.yaml`), 'utf8');
  if (engine === 'webhook') return planWebhook(template, config, values, outside);
  const [policy] = config.policies;
  const signer = await readSigner(policy!, outside.disk);
  const wish: PolicyWish = {
    images,
    signer,
    transparencyLog: policy!.transparencyLog,
    oldFormat: values['old-format'] ?? false,
  };
  return { text: renderPolicy(engine, template, wish), warnings: warningsOf(engine, wish) };
}

/** A flag that the engine cannot carry out is refused: nobody should believe that it is checked. */
function refuseStray(engine: PolicyEngine, values: PolicyValues): void {
  const only = ['max-age', 'max-image-size', 'server-image', 'ca-bundle'] as const;
  const stray = engine === 'webhook' ? undefined : only.find((flag) => values[flag] !== undefined);
  if (stray !== undefined)
    throw usage(`--${stray} is only for --engine webhook: ${engine} does not know it.`);
  if (values['trusted-root'] !== undefined && engine !== 'webhook') {
    throw usage(`--trusted-root is only for --engine webhook; ${engine} has settings of its own for that.`);
  }
}

function warningsOf(engine: PolicyEngine, wish: PolicyWish): readonly string[] {
  if (engine !== 'policy-controller' || wish.oldFormat || readsBundles(wish)) return [];
  return [
    'policy-controller reads signatures by a key in the older format only: sign with cosign sign --new-bundle-format=false.',
  ];
}

async function readSigner(policy: Policy, disk: Disk): Promise<PolicySigner> {
  if (policy.key?.includes('://')) return { kind: 'kms', address: policy.key };
  if (policy.key !== undefined) return { kind: 'key', pem: await readPem(policy.key, disk) };
  return {
    kind: 'identity',
    subject: {
      text: policy.identity ?? policy.identityPattern ?? '',
      pattern: policy.identity === undefined,
    },
    issuer: { text: policy.issuer ?? policy.issuerPattern ?? '', pattern: policy.issuer === undefined },
    rootsPem: policy.caRoots === undefined ? undefined : await readPem(policy.caRoots, disk),
  };
}

/** A private key must never get into a policy that everybody reads. */
async function readPem(path: string, disk: Disk): Promise<string> {
  const text = (await readIfThere(path, disk))?.toString();
  if (text === undefined) throw usage(`There is no ${path}.`);
  if (/PRIVATE KEY/.test(text))
    throw usage(`${path} holds a private key; the public one is meant, such as cosign.pub.`);
  if (!/^-----BEGIN (?:PUBLIC KEY|CERTIFICATE)-----/m.test(text))
    throw usage(`${path} is no PEM file of a public key or certificate.`);
  return text.endsWith('\n') ? text : `${text}\n`;
}

async function planWebhook(
  template: string,
  { policies }: AdmissionConfig,
  values: PolicyValues,
  { disk, cwd }: Outside,
): Promise<{ text: string; warnings: readonly string[] }> {
  const files: Record<string, string> = {};
  const mounted = async (path: string | undefined) => {
    if (path === undefined || path.includes('://')) return path;
    const name = basename(path).replace(/[^\w.-]/g, '_');
    files[name] = /\.json$/.test(path) ? await readText(path, disk) : await readPem(path, disk);
    return name;
  };
  const [policy] = policies;
  const { key, caRoots, trustedRoot, maxAge, maxImageSize, ...rest } = policy!;
  const own = {
    ...rest,
    key: await mounted(key),
    caRoots: await mounted(caRoots),
    trustedRoot: await mounted(trustedRoot),
    maxAge: maxAge === undefined ? undefined : values['max-age'],
    maxImageSize: maxImageSize === undefined ? undefined : values['max-image-size'],
  };
  const config = {
    tls: { cert: '/etc/go-sre-tls/tls.crt', key: '/etc/go-sre-tls/tls.key' },
    policies: [
      Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
      { images: ['**'], exempt: 'not among the images that must be signed' },
    ],
  };
  const serverImage = values['server-image'];
  if (serverImage !== undefined && parseReference(serverImage) === undefined) {
    throw usage(`--server-image ${JSON.stringify(serverImage)} is no image reference.`);
  }
  const caPem =
    values['ca-bundle'] === undefined ? undefined : await readPem(resolve(cwd, values['ca-bundle']), disk);
  const warnings =
    serverImage === undefined
      ? ['The image of the server is an example: name yours with --server-image.']
      : [];
  return { text: renderWebhook(template, { config, files, serverImage, caPem }), warnings };
}

async function readText(path: string, disk: Disk): Promise<string> {
  const bytes = await readIfThere(path, disk);
  if (bytes === undefined) throw usage(`There is no ${path}.`);
  return bytes.toString();
}

async function compare(dir: string, path: string, text: string, disk: Disk): Promise<FileChange> {
  return { path, before: await readIfThere(join(dir, path), disk), after: Buffer.from(text) };
}

function stateOf({ before, after }: FileChange): 'new' | 'changed' | 'unchanged' {
  if (before === undefined) return 'new';
  return Buffer.compare(before, after) === 0 ? 'unchanged' : 'changed';
}
