// A real registry with small real images in it, signed by the real cosign: no container engine is needed. Images are
// written over the registry's own HTTP API.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from './ports.ts';
import { tool } from './tools.ts';
import { until } from './until.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

/** An image as it was pushed. */
export type PushedImage = { tag: string; digest: string; byDigest: string };

export type ImageRegistry = {
  host: string;
  /** Where keys and the like lie. */
  folder: string;
  cosign: string;
  /** Pushes an image of one layer. */
  push(repository: string, content?: string): Promise<PushedImage>;
  /** Signs as `key` does. */
  sign(image: PushedImage, key: Key, options?: SignOptions): void;
  /** Signs a statement about the image, which is no signature of it. */
  attest(image: PushedImage, key: Key): void;
  key(name: string): Key;
  /** Raw access, for what an attacker would do. */
  getManifest(repository: string, name: string): Promise<{ text: string; type: string }>;
  putManifest(repository: string, name: string, text: string, type: string): Promise<string>;
  getBlob(repository: string, digest: string): Promise<string>;
  putBlob(repository: string, text: string): Promise<string>;
  /** The file that a blob is kept in. */
  blobFile(digest: string): string;
};

export type Key = { private: string; public: string };
export type SignOptions = {
  oldFormat?: boolean;
  annotations?: Record<string, string>;
  /** PEM files of a certificate for the key, and of its CA. */
  certificate?: { cert: string; chain: string };
};

/** Starts a registry until the test ends; undefined, and the test skipped, where registry or cosign are missing. */
export async function startImageRegistry(t: TestContext): Promise<ImageRegistry | undefined> {
  const [program, cosign] = [tool(t, 'registry'), tool(t, 'cosign')];
  if (program === undefined || cosign === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'registry-'));
  const host = `127.0.0.1:${await freePort()}`;
  mkdirSync(join(folder, 'data'));
  const config = `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${folder}/data } }\nhttp: { addr: '${host}' }\n`;
  writeFileSync(join(folder, 'registry.yml'), config);
  const child = spawn(program, ['serve', join(folder, 'registry.yml')], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH },
  });
  t.after(async () => {
    if (child.exitCode === null && child.kill()) await once(child, 'exit');
    rmSync(folder, { recursive: true });
  });
  await until('the registry answers', 20_000, async () =>
    (await fetch(`http://${host}/v2/`)).ok ? true : undefined,
  );
  return open(host, folder, cosign);
}

function open(host: string, folder: string, cosign: string): ImageRegistry {
  const base = `http://${host}/v2`;
  const run = (...args: string[]) => {
    const env = { PATH: process.env.PATH, HOME: folder, COSIGN_PASSWORD: '' };
    const { status, stderr } = spawnSync(cosign, args, { cwd: folder, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`cosign ${args[0]}: ${stderr}`);
  };
  const withoutLog = ['--yes', '--use-signing-config=false', '--tlog-upload=false'];
  const keys = new Map<string, Key>();
  const registry: ImageRegistry = {
    host,
    folder,
    cosign,
    async push(repository, content = repository) {
      const layer = await registry.putBlob(repository, content);
      const settings = {
        architecture: 'amd64',
        os: 'linux',
        config: {},
        rootfs: { type: 'layers', diff_ids: [layer] },
      };
      const config = JSON.stringify(settings);
      const part = (mediaType: string, digest: string, text: string) => ({
        mediaType,
        digest,
        size: Buffer.byteLength(text),
      });
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: part(
          'application/vnd.oci.image.config.v1+json',
          await registry.putBlob(repository, config),
          config,
        ),
        layers: [part('application/vnd.oci.image.layer.v1.tar', layer, content)],
      });
      const digest = await registry.putManifest(repository, '1', manifest, manifestType);
      return { tag: `${host}/${repository}:1`, digest, byDigest: `${host}/${repository}@${digest}` };
    },
    sign(image, key, { oldFormat = false, annotations = {}, certificate } = {}) {
      const extra = Object.entries(annotations).flatMap(([name, value]) => ['-a', `${name}=${value}`]);
      if (certificate !== undefined) {
        extra.push('--certificate', certificate.cert, '--certificate-chain', certificate.chain);
      }
      run(
        'sign',
        ...withoutLog,
        `--new-bundle-format=${!oldFormat}`,
        '--key',
        key.private,
        ...extra,
        image.byDigest,
      );
    },
    attest(image, key) {
      writeFileSync(join(folder, 'predicate.json'), '{"scanned":true}');
      const statement = ['--predicate', 'predicate.json', '--type', 'https://example.com/scan'];
      run('attest', ...withoutLog, '--key', key.private, ...statement, image.byDigest);
    },
    key(name) {
      const known = keys.get(name);
      if (known !== undefined) return known;
      run('generate-key-pair', '--output-key-prefix', name);
      const key = { private: join(folder, `${name}.key`), public: join(folder, `${name}.pub`) };
      keys.set(name, key);
      return key;
    },
    async getManifest(repository, name) {
      const answer = await fetch(`${base}/${repository}/manifests/${name}`, {
        headers: { accept: `${manifestType}, ${indexType}` },
      });
      return { text: await answer.text(), type: answer.headers.get('content-type') ?? '' };
    },
    async putManifest(repository, name, body, type) {
      const headers = { 'content-type': type };
      const answer = await fetch(`${base}/${repository}/manifests/${name}`, { method: 'PUT', headers, body });
      if (answer.status !== 201) throw new Error(`manifest ${name}: ${answer.status} ${await answer.text()}`);
      return answer.headers.get('docker-content-digest') ?? '';
    },
    getBlob: async (repository, digest) => (await fetch(`${base}/${repository}/blobs/${digest}`)).text(),
    async putBlob(repository, text) {
      const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
      const started = await fetch(`${base}/${repository}/blobs/uploads/`, { method: 'POST' });
      const where = new URL(started.headers.get('location') ?? '', base);
      where.searchParams.set('digest', digest);
      const headers = { 'content-type': 'application/octet-stream' };
      const answer = await fetch(where, { method: 'PUT', headers, body: text });
      if (answer.status !== 201) throw new Error(`blob: ${answer.status} ${await answer.text()}`);
      return digest;
    },
    blobFile(digest) {
      const hex = digest.replace('sha256:', '');
      return join(folder, 'data/docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
    },
  };
  return registry;
}

/** What the registry keeps for a tag, with a part of it replaced, under another tag of the same repository. */
export async function copyManifest(
  registry: ImageRegistry,
  repository: string,
  [from, to]: readonly [string, string],
  change: (text: string) => string = (text) => text,
): Promise<string> {
  const { text, type } = await registry.getManifest(repository, from);
  return registry.putManifest(repository, to, change(text), type);
}

/** Alters a kept blob behind the registry's back; answers what it was. */
export function alterBlob(registry: ImageRegistry, digest: string, change: (text: string) => string): string {
  const file = registry.blobFile(digest);
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, change(before));
  return before;
}
