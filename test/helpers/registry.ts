// A registry of this machine, and images as the folders that builders leave: OCI layouts.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type ArchivedFile, encodeTarGz } from '../../scaffold/src/emit/tar.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

/**
 * Starts a real registry that keeps everything in memory, until the test has ended.
 * @param program the registry of distribution
 * @returns its host, as names of images begin with it
 */
export async function startRegistry(t: TestContext, program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-registry-'));
  const port = await freePort();
  const config = join(folder, 'config.yml');
  writeFileSync(
    config,
    `version: 0.1\nstorage: { inmemory: {} }\nhttp: { addr: "127.0.0.1:${port}" }\nlog: { level: error, accesslog: { disabled: true } }\n`,
  );
  const child: ChildProcess = spawn(program, ['serve', config], {
    stdio: 'ignore',
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
  });
  t.after(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  await until('the registry', 20_000, async () =>
    (await fetch(`http://127.0.0.1:${port}/v2/`)).ok ? true : undefined,
  );
  return `localhost:${port}`;
}

/** What an image's configuration says of the process that is started. */
type ImageConfig = { User?: string; Entrypoint?: string[]; Labels?: Record<string, string> };

/**
 * Writes an image of one layer as the OCI layout that `docker buildx build --output type=oci,tar=false` leaves.
 * @returns the digest of its manifest
 */
export function writeOciLayout(folder: string, files: readonly ArchivedFile[], config: ImageConfig): string {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const blob = (bytes: Uint8Array, mediaType: string) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(folder, 'blobs/sha256', hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const type = (what: string) => `application/vnd.oci.image.${what}`;
  const archive = encodeTarGz(files);
  const layer = blob(archive, type('layer.v1.tar+gzip'));
  const diffId = `sha256:${createHash('sha256').update(gunzipSync(archive)).digest('hex')}`;
  const described = blob(
    json({
      ...{ architecture: 'amd64', os: 'linux', config },
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created_by: 'COPY' }],
    }),
    type('config.v1+json'),
  );
  const manifest = blob(
    json({ schemaVersion: 2, mediaType: type('manifest.v1+json'), config: described, layers: [layer] }),
    type('manifest.v1+json'),
  );
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(folder, 'index.json'), json({ schemaVersion: 2, manifests: [manifest] }));
  return manifest.digest;
}
