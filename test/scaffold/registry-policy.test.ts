// The policies that `go-sre registry policy` writes, checked strictly against the schemas of what takes them.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { parseConfig } from '../../images/index.ts';
import { policiesFolder } from '../../scaffold/src/package.ts';
import { schemaProblems } from '../helpers/json-schema.ts';
import { type Ran, runGoSreInProcess } from '../helpers/scaffold.ts';

type Resource = {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: Record<string, unknown>;
} & Record<string, unknown>;

const schemas = JSON.parse(
  readFileSync(join(import.meta.dirname, 'testdata/kubernetes/schemas.json'), 'utf8'),
) as {
  kinds: Record<string, Record<string, unknown>>;
};
const publicKey = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsOi6HNKL07ZBiL0ynQ5/AjKONQQ/
17IsDs/NYTDOYvBI2iNX+evEmUiNun7m0Fovyl71nkqNTMpGIpY0r3+Vaw==
-----END PUBLIC KEY-----
`;

/** A folder with a key in it. */
function keyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'cosign.pub'), publicKey);
  writeFileSync(join(folder, 'cosign.key'), publicKey.replaceAll('PUBLIC', 'ENCRYPTED SIGSTORE PRIVATE'));
  return folder;
}

function policy(folder: string, engine: string, ...flags: string[]): Promise<Ran> {
  return runGoSreInProcess(['registry', 'policy', '--engine', engine, ...flags], folder);
}

/** The resources in a text of YAML, each held against its schema. */
function resources(text: string): Resource[] {
  const documents = parseAllDocuments(text);
  const found = 'empty' in documents ? [] : documents.map((document) => document.toJS() as Resource);
  for (const one of found) {
    const schema = schemas.kinds[one.kind];
    assert.ok(schema, `no schema of ${one.kind}`);
    assert.deepEqual(schemaProblems(one, schema, schemas, one.kind), []);
  }
  return found;
}

const byKey = ['--images', 'ghcr.io/acme/**', '--images', 'nginx', '--key', 'cosign.pub'];
const byIdentity = [
  ...['--images', 'ghcr.io/acme/*', '--certificate-identity-regexp', '^https://github.com/acme/'],
  ...['--certificate-oidc-issuer', 'https://token.actions.githubusercontent.com'],
];

test('every template is valid as it lies there', () => {
  for (const name of readdirSync(policiesFolder)) {
    assert.ok(resources(readFileSync(join(policiesFolder, name), 'utf8')).length > 0, name);
  }
});

test('a misspelt field would be found', () => {
  const text = readFileSync(join(policiesFolder, 'webhook.yaml'), 'utf8').replace(
    'failurePolicy',
    'failPolicy',
  );
  assert.throws(() => resources(text), /failPolicy is not in the schema/);
});

test('writes a valid policy for each engine, by key and by identity, with and without a log', async (t) => {
  const folder = keyFolder(t);
  for (const engine of ['kyverno', 'kyverno-cluster-policy', 'policy-controller', 'webhook']) {
    for (const signer of [byKey, byIdentity, ['--images', 'a.io/**', '--key', 'awskms:///alias/sign']]) {
      for (const log of [[], ['--no-transparency-log']]) {
        const { exitCode, stdout, stderr } = await policy(folder, engine, ...signer, ...log);
        assert.equal(exitCode, 0, stderr);
        assert.ok(resources(stdout).length > 0);
      }
    }
  }
});

test('puts images, signer and log where Kyverno looks for them', async (t) => {
  const folder = keyFolder(t);
  const [keyed] = resources((await policy(folder, 'kyverno', ...byKey, '--no-transparency-log')).stdout);
  assert.deepEqual(
    keyed!.spec.matchImageReferences,
    ['ghcr.io/acme/*', 'nginx:*', 'nginx@*'].map((glob) => ({ glob })),
  );
  const ctlog = { insecureIgnoreTlog: true, insecureIgnoreSCT: true };
  assert.deepEqual(keyed!.spec.attestors, [{ name: 'signer', cosign: { key: { data: publicKey }, ctlog } }]);
  const { stdout } = await policy(folder, 'kyverno-cluster-policy', ...byIdentity, '--old-format');
  const [rule] = resources(stdout)[0]!.spec.rules as { verifyImages: Record<string, unknown>[] }[];
  assert.equal(rule!.verifyImages[0]!.type, 'Cosign');
  const keyless = {
    subjectRegExp: '^https://github.com/acme/',
    issuer: 'https://token.actions.githubusercontent.com',
    rekor: { url: 'https://rekor.sigstore.dev' },
  };
  assert.deepEqual(rule!.verifyImages[0]!.attestors, [{ entries: [{ keyless }] }]);
});

test('puts them where policy-controller looks, and tells that it reads no bundles by a key', async (t) => {
  const folder = keyFolder(t);
  const ran = await policy(folder, 'policy-controller', ...byKey);
  const [keyed] = resources(ran.stdout);
  assert.deepEqual(
    keyed!.spec.images,
    ['ghcr.io/acme/**', 'nginx:**', 'nginx@**'].map((glob) => ({ glob })),
  );
  const ctlog = { url: 'https://rekor.sigstore.dev' };
  const authority = { name: 'signer', key: { data: publicKey }, signatureFormat: 'legacy', ctlog };
  assert.deepEqual(keyed!.spec.authorities, [authority]);
  assert.match(ran.stderr, /older format only: sign with cosign sign --new-bundle-format=false/);
  const keyless = await policy(folder, 'policy-controller', ...byIdentity);
  assert.match(keyless.stdout, /signatureFormat: bundle/);
  assert.equal(keyless.stderr, '');
});

test('gives the admission server a configuration that it takes, and the webhook its CA', async (t) => {
  const folder = keyFolder(t);
  writeFileSync(join(folder, 'ca.pem'), readFileSync(join(import.meta.dirname, 'testdata/tls/one.pem')));
  const flags = ['--max-age', '90d', '--server-image', 'ghcr.io/acme/admission:1', '--ca-bundle', 'ca.pem'];
  const { stdout, stderr } = await policy(folder, 'webhook', ...byKey, ...flags);
  assert.equal(stderr, '');
  const found = resources(stdout);
  const data = found.find(({ kind }) => kind === 'ConfigMap')!.data as Record<string, string>;
  assert.equal(data['cosign.pub'], publicKey);
  const parsed = parseConfig(data['admission.yaml']!);
  assert.ok('config' in parsed, JSON.stringify(parsed));
  const [first, second] = parsed.config.policies;
  assert.deepEqual(
    [first?.images, first?.key, first?.maxAge],
    [['ghcr.io/acme/**', 'nginx'], 'cosign.pub', 90 * 86_400_000],
  );
  assert.deepEqual([second?.images, typeof second?.exempt], [['**'], 'string']);
  assert.match(stdout, /image: ghcr\.io\/acme\/admission:1/);
  const hook = found.find(({ kind }) => kind === 'ValidatingWebhookConfiguration')! as unknown as {
    webhooks: { clientConfig: { caBundle: string } }[];
  };
  assert.match(
    Buffer.from(hook.webhooks[0]!.clientConfig.caBundle, 'base64').toString(),
    /BEGIN CERTIFICATE/,
  );
  assert.ok(!stdout.includes('inject-ca-from'));
});

test('writes the file, finds it unchanged, and with --check a changed one', async (t) => {
  const folder = keyFolder(t);
  const flags = [...byKey, '--out', 'ops'];
  const file = join(folder, 'ops/kyverno.yaml');
  assert.match((await policy(folder, 'kyverno', ...flags, '--dry-run')).stdout, /^new/);
  assert.equal((await policy(folder, 'kyverno', ...flags, '--check')).exitCode, 1);
  assert.throws(() => readFileSync(file));
  assert.equal((await policy(folder, 'kyverno', ...flags)).exitCode, 0);
  assert.match(readFileSync(file, 'utf8'), /^# Lets only images in/);
  const { exitCode, stdout } = await policy(folder, 'kyverno', ...flags, '--check', '--json');
  assert.deepEqual([exitCode, JSON.parse(stdout).state], [0, 'unchanged']);
  writeFileSync(file, 'edited\n');
  assert.equal((await policy(folder, 'kyverno', ...flags, '--check')).exitCode, 1);
});

test('refuses what would be believed and not be checked, and a private key', async (t) => {
  const folder = keyFolder(t);
  const cases: [string, string[], RegExp][] = [
    ['opa', byKey, /--engine must be one of kyverno, /],
    ['kyverno', ['--key', 'cosign.pub'], /--images is missing/],
    ['kyverno', ['--images', 'a/*'], /Say who must have signed/],
    ['kyverno', [...byKey, '--max-age', '90d'], /--max-age is only for --engine webhook/],
    ['kyverno', ['--images', 'a/*', '--key', 'cosign.key'], /holds a private key/],
    ['kyverno', ['--images', 'a/*', '--key', 'none.pub'], /There is no .*none\.pub/],
    ['webhook', [...byKey, '--server-image', 'Not an image'], /is no image reference/],
    ['kyverno', [...byKey, '--check'], /--check needs --out/],
  ];
  for (const [engine, flags, expected] of cases) {
    const { exitCode, stderr } = await policy(folder, engine, ...flags);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, expected);
  }
});
