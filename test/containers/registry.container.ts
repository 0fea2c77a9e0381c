// An image that a real engine holds and pushes, as the registry commands see it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startEngine, tidy } from '../helpers/docker-engine.ts';
import { startImageRegistry } from '../helpers/image-registry.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';
import { run } from '../helpers/tool-recipes.ts';
import { tool } from '../helpers/tools.ts';

test('an image that docker pushed is refused, and accepted once it is signed', {
  timeout: 120_000,
}, async (t) => {
  if (!tool(t, 'docker')) return;
  const registry = await startImageRegistry(t);
  if (registry === undefined) return;
  const engine = await startEngine(process.env);
  const { host, folder } = registry;
  const tag = `${host}/acme/shop:1`;
  t.after(async () => {
    try {
      run('docker', ['image', 'rm', '--force', tag], engine.env);
      tidy(engine);
    } finally {
      await engine.stop();
    }
  });
  writeFileSync(join(folder, 'program'), '');
  run('tar', ['--create', '--file', join(folder, 'image.tar'), '--directory', folder, 'program']);
  run('docker', ['import', '--change', 'CMD ["/program"]', join(folder, 'image.tar'), tag], engine.env);
  run('docker', ['push', tag], engine.env);
  const key = registry.key('ours');
  const verify = async () => {
    const words = [
      'registry',
      'verify',
      tag,
      '--key',
      key.public,
      '--cosign',
      registry.cosign,
      '--no-transparency-log',
    ];
    const env = { PATH: process.env.PATH, HOME: folder };
    const flags = ['--max-image-size', '1MB', '--json'];
    return runGoSreInProcess([...words, ...flags], folder, { env, fetch });
  };
  const before = await verify();
  const [unsigned] = JSON.parse(before.stdout).images;
  assert.deepEqual([before.exitCode, unsigned.reason], [1, 'unsigned']);
  registry.sign({ tag, digest: unsigned.digest, byDigest: `${host}/acme/shop@${unsigned.digest}` }, key);
  const after = await verify();
  const [signed] = JSON.parse(after.stdout).images;
  assert.deepEqual(
    [after.exitCode, signed.reason, signed.digest],
    [0, 'signed', unsigned.digest],
    after.stdout,
  );
});
