// How registries are asked: logins, digests, limits; and the gate that bounds how many are asked at once.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as disk from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkConfig, parseReference } from '../../images/index.ts';
import type { GoSreDeps } from '../../scaffold/src/command.ts';
import { createGate } from '../../scaffold/src/registry/gate.ts';
import { createImageVerifier } from '../../scaffold/src/registry/image-verifier.ts';
import { dockerCredentials } from '../../scaffold/src/registry/registry-auth.ts';
import { createRegistryClient } from '../../scaffold/src/registry/registry-client.ts';

const manifest = '{"config":{"size":1},"layers":[]}';
const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;

/** A registry that answers as `act` says; its HOST:PORT. */
async function fakeRegistry(
  t: TestContext,
  act: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(act);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const limit = { access: { plainHttp: true }, deadlineMs: Date.now() + 60_000 };

/** Asks for the manifest of `name`, with the credentials of a config.json. */
function ask(
  t: TestContext,
  host: string,
  name: string,
  config: unknown = {},
  helpers: Record<string, string> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'docker-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  const run = async (program: string) => {
    assert.match(program, /^docker-credential-[\w-]+$/);
    const stdout = Buffer.from(helpers[program] ?? '');
    return { status: stdout.length > 0 ? 0 : 1, stdout, stderr: '', problem: undefined };
  };
  const find = dockerCredentials({ disk, env: { DOCKER_CONFIG: folder }, run, cwd: folder });
  return createRegistryClient(fetch, find, Date.now).manifest(
    parseReference(`${host}/acme/shop`)!,
    name,
    limit,
  );
}

/** A registry that wants a token, which it gives to ann. */
function tokenRegistry(t: TestContext, seen: string[] = []): Promise<string> {
  return fakeRegistry(t, (request, response) => {
    const { url = '', headers } = request;
    seen.push(`${url} ${headers.authorization ?? 'nobody'}`);
    if (url.startsWith('/token')) {
      const known = headers.authorization === `Basic ${Buffer.from('ann:pw').toString('base64')}`;
      response.writeHead(known ? 200 : 401).end(known ? '{"token":"T0ken"}' : '{}');
    } else if (headers.authorization === 'Bearer T0ken') response.writeHead(200).end(manifest);
    else {
      const realm = `http://${headers.host}/token`;
      const challenge = `Bearer realm="${realm}",service="reg",scope="repository:acme/shop:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
  });
}

test('logs in as docker login left it: by auth, by name and password, by a helper', async (t) => {
  const seen: string[] = [];
  const host = await tokenRegistry(t, seen);
  const found = { digest, text: manifest };
  const auth = Buffer.from('ann:pw').toString('base64');
  assert.deepEqual(await ask(t, host, '1', { auths: { [host]: { auth } } }), found);
  assert.deepEqual(
    await ask(t, host, '1', { auths: { [`https://${host}`]: { username: 'ann', password: 'pw' } } }),
    found,
  );
  const helper = { 'docker-credential-vault': '{"Username":"ann","Secret":"pw"}' };
  assert.deepEqual(await ask(t, host, '1', { credHelpers: { [host]: 'vault' } }, helper), found);
  assert.deepEqual(await ask(t, host, '1', { credsStore: 'vault' }, helper), found);
  assert.ok(
    seen.some((line) => line.startsWith('/token?service=reg&scope=repository%3Aacme%2Fshop%3Apull Basic ')),
  );
});

test('says that it was denied without credentials, or with a broken config.json', async (t) => {
  const host = await tokenRegistry(t);
  for (const config of [
    {},
    '{',
    '[]',
    { auths: { [host]: { auth: 'xx' } } },
    { credsStore: '../evil' },
    { credHelpers: { [host]: 'none' } },
  ]) {
    assert.deepEqual(await ask(t, host, '1', config), {
      reason: 'registry-denied',
      detail: 'it answers 401',
    });
  }
});

test('refuses bytes that are not those of the digest, and answers that are no manifest', async (t) => {
  const other = `sha256:${'0'.repeat(64)}`;
  const elsewhere = await fakeRegistry(t, (_request, response) => void response.end(manifest));
  const host = await fakeRegistry(t, ({ url = '' }, response) => {
    if (url.endsWith('/large')) response.end(Buffer.alloc(5 * 1024 * 1024));
    else if (url.endsWith('/moved')) response.writeHead(302, { location: `http://${elsewhere}/` }).end();
    else if (url.endsWith('/broken')) response.writeHead(500).end();
    else if (url.endsWith('/gone')) response.writeHead(404).end();
    else response.end(manifest);
  });
  assert.deepEqual(await ask(t, host, digest), { digest, text: manifest });
  const reason = async (name: string) => {
    const answer = await ask(t, host, name);
    return 'reason' in answer ? answer.reason : 'found';
  };
  assert.deepEqual(await Promise.all([other, 'gone', 'broken', 'moved', 'large'].map(reason)), [
    ...[
      'tampered',
      'image-not-found',
      'registry-unreachable',
      'registry-unreachable',
      'registry-unreachable',
    ],
  ]);
});

test('a verdict is remembered by digest, for its time, and only where it was decided', async () => {
  const asked: string[] = [];
  let [now, status] = [0, 0];
  const signature = [
    { critical: { image: { 'docker-manifest-digest': digest }, type: 'cosign container image signature' } },
  ];
  const run: GoSreDeps['run'] = async () => {
    asked.push('cosign');
    return {
      status,
      stdout: Buffer.from(JSON.stringify(signature)),
      stderr: 'Error: strange',
      problem: undefined,
    };
  };
  const registry = {
    manifest: async (_image: unknown, name: string) => {
      asked.push(name);
      return { digest, text: manifest };
    },
    referrers: async () => undefined,
    blob: async () => undefined,
  };
  const parsed = checkConfig({ policies: [{ images: ['**'], key: 'k' }], cache: { accepted: '1m' } });
  assert.ok('config' in parsed);
  const deps = { run, cwd: '/', now: () => now, disk };
  const verifier = createImageVerifier({ config: parsed.config, registry, deps });
  const verify = async (image: string) => {
    const signal = new AbortController().signal;
    const { reason, cached } = await verifier.verify(image, '', { ms: now + 1000, signal });
    return [reason, cached, asked.splice(0).join(' ')];
  };
  assert.deepEqual(await verify('r.io/a:1'), ['signed', false, '1 cosign']);
  assert.deepEqual(await verify('r.io/a:1'), ['signed', true, '1'], 'a tag may have moved');
  assert.deepEqual(await verify(`r.io/a@${digest}`), ['signed', true, '']);
  now += 60_000;
  status = 1;
  for (let i = 0; i < 2; i += 1) {
    assert.deepEqual(await verify(`r.io/a@${digest}`), ['cosign-failed', false, `${digest} cosign`]);
  }
});

test('a gate lets so many in, has so many wait in their order, and gives up in time', async () => {
  const gate = createGate(1, 2);
  const never = new AbortController();
  const soon = new AbortController();
  const done: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = gate.pass(() => promise, never.signal);
  const second = gate.pass(async () => void done.push('second'), never.signal);
  const third = gate.pass(async () => void done.push('third'), soon.signal);
  assert.equal(await gate.pass(async () => 'in', never.signal), 'overloaded');
  assert.deepEqual([gate.running, gate.waiting], [1, 2]);
  soon.abort();
  assert.equal(await third, 'timeout');
  resolve();
  await Promise.all([first, second]);
  assert.deepEqual([done, gate.running, gate.waiting], [['second'], 0, 0]);
  await assert.rejects(
    async () => gate.pass(async () => Promise.reject(new Error('broken')), never.signal),
    /broken/,
  );
  assert.equal(await gate.pass(async () => 'in', never.signal), 'in');
});
