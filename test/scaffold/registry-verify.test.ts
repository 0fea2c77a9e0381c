// `go-sre registry verify` with the real cosign and a real registry.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  alterBlob,
  copyManifest,
  type ImageRegistry,
  startImageRegistry,
} from '../helpers/image-registry.ts';
import { freePort } from '../helpers/ports.ts';
import { type Ran, runGoSreInProcess } from '../helpers/scaffold.ts';

const testdata = join(import.meta.dirname, 'testdata/cosign');
const issuer = ['--certificate-oidc-issuer', 'https://issuer.example.com'];

type Judged = { reason: string; detail: string; accepted: boolean; digest?: string; signedAt?: string };

async function verify(
  registry: ImageRegistry,
  reference: string,
  ...flags: string[]
): Promise<{ ran: Ran; image: Judged }> {
  const own = flags.some((flag) => flag === '--key' || flag === '--certificate-identity')
    ? []
    : ['--key', registry.key('ours').public];
  const words = [
    'registry',
    'verify',
    reference,
    '--cosign',
    registry.cosign,
    '--no-transparency-log',
    '--json',
  ];
  const env = { PATH: process.env.PATH, HOME: registry.folder };
  const ran = await runGoSreInProcess([...words, ...own, ...flags], registry.folder, { env, fetch });
  return { ran, image: JSON.parse(ran.stdout || '{"images":[{}]}').images[0] };
}

/** Whether it is refused for this reason, with words that say what was seen. */
async function refuses(
  registry: ImageRegistry,
  reference: string,
  reason: string,
  detail = /.*/,
  ...flags: string[]
) {
  const { ran, image } = await verify(registry, reference, ...flags);
  assert.deepEqual([image.reason, image.accepted, ran.exitCode], [reason, false, 1], ran.stdout + ran.stderr);
  assert.match(image.detail, detail);
}

test('with cosign and a registry', async (t) => {
  const registry = await startImageRegistry(t);
  if (registry === undefined) return;
  const [ours, theirs] = [registry.key('ours'), registry.key('theirs')];

  for (const oldFormat of [false, true]) {
    const format = oldFormat ? 'old format' : 'bundle';
    const folder = oldFormat ? 'old' : 'new';
    const signatureTag = (digest: string) => digest.replace(':', '-') + (oldFormat ? '.sig' : '');

    await t.test(`accepts what the key signed, by tag and by digest (${format})`, async () => {
      const image = await registry.push(`${folder}/signed`);
      registry.sign(image, ours, { oldFormat });
      for (const reference of [image.tag, image.byDigest]) {
        const { ran, image: judged } = await verify(registry, reference);
        assert.deepEqual(
          [judged.reason, judged.digest, ran.exitCode],
          ['signed', image.digest, 0],
          ran.stderr,
        );
      }
    });

    await t.test(`tells another key's signature from a missing one (${format})`, async () => {
      await refuses(
        registry,
        `${registry.host}/${folder}/signed:1`,
        'wrong-signer',
        /.*/,
        '--key',
        theirs.public,
      );
    });

    await t.test(`finds a signature that was copied to another image (${format})`, async () => {
      const [good, bad] = [
        await registry.push(`${folder}/signed`),
        await registry.push(`${folder}/signed`, 'malware'),
      ];
      await copyManifest(registry, `${folder}/signed`, [signatureTag(good.digest), signatureTag(bad.digest)]);
      await refuses(registry, bad.byDigest, 'tampered');
    });

    await t.test(`judges the age by what the signature itself says (${format})`, async () => {
      const image = await registry.push(`${folder}/aged`);
      // The test's clock stands at 2026-11-26.
      registry.sign(image, ours, {
        oldFormat,
        annotations: { 'go-sre.dev/signed-at': '2026-09-01T00:00:00Z' },
      });
      await refuses(registry, image.tag, 'expired', /signed at 2026-09-01/, '--max-age', '30d');
      const { image: young } = await verify(registry, image.tag, '--max-age', '90d');
      assert.deepEqual([young.reason, young.signedAt], ['signed', '2026-09-01T00:00:00.000Z']);
      const undated = await registry.push(`${folder}/signed`);
      await refuses(registry, undated.byDigest, 'age-unknown', /^$/, '--max-age', '90d');
    });

    await t.test(`finds a payload that was altered in the registry's storage (${format})`, async () => {
      const image = await registry.push(`${folder}/aged`);
      const digest = await payloadOf(registry, `${folder}/aged`, signatureTag(image.digest));
      const stored = alterBlob(registry, digest, (text) =>
        text.replace(/"critical"|"dsseEnvelope"/, '"other"'),
      );
      await refuses(registry, image.tag, 'tampered');
      alterBlob(registry, digest, () => stored);
    });
  }

  await t.test('finds a bundle whose statement was exchanged under its signature', async () => {
    const image = await registry.push('new/aged');
    await exchangeStatement(registry, 'new/aged', image.digest);
    await refuses(registry, image.tag, 'tampered', /names the wanted key/);
  });

  await t.test('judges by the identity in a certificate, and finds one that has expired', async () => {
    const image = await registry.push('old/identity');
    const [cert, chain] = [join(testdata, 'ann.pem'), join(testdata, 'ca.pem')];
    const key = { private: join(testdata, 'ann.key'), public: '' };
    registry.sign(image, key, { oldFormat: true, certificate: { cert, chain } });
    const by = (who: string) => ['--certificate-identity', who, '--ca-roots', chain, ...issuer];
    assert.equal((await verify(registry, image.tag, ...by('ann@example.com'))).image.reason, 'signed');
    await refuses(
      registry,
      image.tag,
      'wrong-signer',
      /got subjects \[ann@example\.com\]/,
      ...by('bob@example.com'),
    );
    const expired = readFileSync(join(testdata, 'ann-expired.pem'), 'utf8');
    const tag = `${image.digest.replace(':', '-')}.sig`;
    await copyManifest(registry, 'old/identity', [tag, tag], (text) => {
      const manifest = JSON.parse(text);
      manifest.layers[0].annotations['dev.sigstore.cosign/certificate'] = expired;
      return JSON.stringify(manifest);
    });
    await refuses(registry, image.tag, 'expired', /has expired/, ...by('ann@example.com'));
  });

  await t.test('refuses what nobody signed', async () => {
    await refuses(registry, (await registry.push('plain/unsigned')).tag, 'unsigned');
  });

  await t.test('takes no attestation for a signature, and finds an old signature beside one', async () => {
    const image = await registry.push('plain/attested');
    registry.attest(image, ours);
    await refuses(registry, image.tag, 'unsigned', /only attestations of type https:\/\/example\.com\/scan/);
    registry.sign(image, ours, { oldFormat: true });
    assert.equal((await verify(registry, image.tag)).image.reason, 'signed');
  });

  await t.test('tells a missing image, a registry that is down and one that is slow apart', async (inner) => {
    await refuses(registry, `${registry.host}/plain/missing:1`, 'image-not-found');
    await refuses(
      registry,
      `127.0.0.1:${await freePort()}/plain/a:1`,
      'registry-unreachable',
      /ECONNREFUSED/,
    );
    const slow = await silentServer(inner);
    await refuses(registry, `${slow}/plain/a:1`, 'timeout', /.*/, '--timeout', '200ms');
  });

  await t.test('keeps an image within its budget', async () => {
    const image = await registry.push('plain/large', 'x'.repeat(5000));
    await refuses(registry, image.tag, 'too-large', /KiB of 4 KiB/, '--max-image-size', '4KiB');
    const small = await registry.push('new/signed');
    assert.equal((await verify(registry, small.byDigest, '--max-image-size', '4KiB')).image.reason, 'signed');
  });

  await t.test('says that cosign is missing, or was not told a key that is there', async () => {
    const image = `${registry.host}/new/signed:1`;
    await refuses(registry, image, 'cosign-missing', /not installed/, '--cosign', './nowhere/cosign');
    const { ran } = await verify(registry, image, '--key', 'none.pub');
    assert.deepEqual([ran.exitCode, /There is no .*none\.pub/.test(ran.stderr)], [2, true]);
  });

  await t.test('prints a line for each of several images, and fails when one is refused', async () => {
    const signed = await registry.push('new/signed');
    const images = [signed.tag, `${registry.host}/plain/unsigned:1`];
    const flags = ['--key', 'ours.pub', '--no-transparency-log', '--cosign', registry.cosign];
    const env = { PATH: process.env.PATH, HOME: registry.folder };
    const ran = await runGoSreInProcess(['registry', 'verify', ...images, ...flags], registry.folder, {
      env,
      fetch,
    });
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stdout, /^accepted {2}\S+new\/signed:1: signed: its signature was verified\. sha256:/);
    assert.match(
      ran.stdout,
      /\nrefused {3}\S+plain\/unsigned:1: unsigned: it has no signature .* Sign its digest/,
    );
  });
});

test('refuses a command line that cannot be meant', async () => {
  const cases: [string[], RegExp][] = [
    [['--key', 'k'], /needs the image/],
    [['a:1'], /Say who must have signed/],
    [['a:1', '--key', 'k', '--certificate-identity', 'me'], /Say who must have signed/],
    [['a:1', '--certificate-identity', 'me'], /issuer/],
    [['A B', '--key', 'k'], /is no image reference/],
    [['a:1', '--key', 'k', '--max-age', 'soon'], /--max-age must be a duration/],
    [['a:1', '--key', 'k', '--timeout', '0s'], /--timeout must be a duration/],
  ];
  for (const [flags, expected] of cases) {
    const { exitCode, stderr } = await runGoSreInProcess(['registry', 'verify', ...flags], '/');
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, expected);
  }
});

/** A server that takes connections and answers nothing; its HOST:PORT. */
async function silentServer(t: TestContext): Promise<string> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The blob that holds what was signed, or the bundle. */
async function payloadOf(registry: ImageRegistry, repository: string, tag: string): Promise<string> {
  const manifest = JSON.parse((await registry.getManifest(repository, tag)).text);
  if (manifest.layers) return manifest.layers[0].digest;
  const inner = JSON.parse((await registry.getManifest(repository, manifest.manifests[0].digest)).text);
  return inner.layers[0].digest;
}

/** Puts another statement about the same image into its bundle, every digest recomputed. */
async function exchangeStatement(registry: ImageRegistry, repository: string, digest: string): Promise<void> {
  const tag = digest.replace(':', '-');
  const index = await registry.getManifest(repository, tag);
  const entry = JSON.parse(index.text).manifests[0];
  const manifest = await registry.getManifest(repository, entry.digest);
  const layer = JSON.parse(manifest.text).layers[0];
  const bundle = JSON.parse(await registry.getBlob(repository, layer.digest));
  const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString());
  statement.subject[0].annotations = { 'go-sre.dev/signed-at': '2026-11-26T00:00:00Z' };
  bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(statement)).toString('base64');
  const text = JSON.stringify(bundle);
  const exchanged = manifest.text
    .replace(layer.digest, await registry.putBlob(repository, text))
    .replace(`"size":${layer.size}`, `"size":${text.length}`);
  const put = await registry.putManifest(repository, 'exchanged', exchanged, manifest.type);
  const renewed = index.text
    .replace(entry.digest, put)
    .replace(`"size":${entry.size}`, `"size":${exchanged.length}`);
  await registry.putManifest(repository, tag, renewed, index.type);
}
