// `go-sre registry harbor-quota` against a stand-in that holds every request against Harbor's own API document.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type FakeHarbor, fakeProject, harborPassword, harborUser, startHarbor } from '../helpers/harbor.ts';
import { type Ran, runGoSreInProcess } from '../helpers/scaffold.ts';

const gib = 2 ** 30;
const env = { HARBOR_USERNAME: harborUser, HARBOR_PASSWORD: harborPassword };

async function run(harbor: FakeHarbor, ...flags: string[]): Promise<Ran> {
  const ran = await runGoSreInProcess(['registry', 'harbor-quota', '--url', harbor.url, ...flags], '/', {
    env,
    fetch,
  });
  assert.ok(!`${ran.stdout}${ran.stderr}`.includes(harborPassword), 'the password is printed');
  return ran;
}

test('plans without --apply, and changes nothing', async (t) => {
  const harbor = await startHarbor(t, [fakeProject(1, 'acme', -1), fakeProject(2, 'tools', 10 * gib)]);
  const { exitCode, stdout, stderr } = await run(harbor, '--cosign-pull-policy', 'on', '--default');
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /Harbor v2\.12\.2/);
  assert.match(stdout, /acme +quota +unlimited +→ +10 GiB +planned/);
  assert.match(stdout, /tools +pull +unsigned too +→ +signed only +planned/);
  assert.match(stdout, /\(new projects\) +quota +unlimited +→ +10 GiB +planned/);
  assert.match(stdout, /4 planned, 1 as wanted\. Nothing was changed; --apply does it\./);
  assert.deepEqual(
    harbor.projects.map(({ hard }) => hard.storage),
    [-1, 10 * gib],
  );
  assert.ok(harbor.requests.every((request) => request.startsWith('GET ')));
  assert.deepEqual(harbor.problems, []);
});

test('sets 10,737,418,240 bytes, the pull policy and the default of new projects, and finds nothing to do then', async (t) => {
  const harbor = await startHarbor(t, [fakeProject(1, 'acme', -1), fakeProject(2, '7', 5 * gib)]);
  const flags = ['--cosign-pull-policy', 'on', '--default', '--apply', '--json'];
  const first = await run(harbor, ...flags);
  assert.equal(first.exitCode, 0, first.stderr);
  assert.deepEqual(
    harbor.projects.map(({ hard }) => hard),
    [{ storage: 10_737_418_240 }, { storage: 10_737_418_240 }],
  );
  assert.ok(harbor.projects.every(({ metadata }) => metadata.enable_content_trust_cosign === 'true'));
  assert.equal(harbor.newProjects, 10_737_418_240);
  assert.equal(JSON.parse(first.stdout).rows.length, 5);
  const second = await run(harbor, ...flags);
  assert.deepEqual([JSON.parse(second.stdout).rows, JSON.parse(second.stdout).unchanged], [[], 5]);
  assert.deepEqual(harbor.problems, []);
});

test('reads every page of projects and quotas', async (t) => {
  const harbor = await startHarbor(
    t,
    Array.from({ length: 250 }, (_, i) => fakeProject(i + 1, `p${i}`, -1)),
  );
  const { stdout } = await run(harbor, '--json');
  assert.equal(JSON.parse(stdout).rows.length, 250);
  assert.deepEqual(harbor.problems, []);
});

test('takes only the projects that are named, and tells which are not there', async (t) => {
  const harbor = await startHarbor(t, [fakeProject(1, 'acme', -1), fakeProject(2, 'tools', -1)]);
  await run(harbor, '--project', 'tools', '--storage', '1GiB', '--apply');
  assert.deepEqual(
    harbor.projects.map(({ hard }) => hard.storage),
    [-1, gib],
  );
  const { exitCode, stderr } = await run(harbor, '--project', 'toolz', '--apply');
  assert.deepEqual([exitCode, stderr.trim()], [1, 'go-sre: Harbor shows this account no project toolz.']);
});

test('never lowers a quota below what is stored unless told to', async (t) => {
  const harbor = await startHarbor(t, [fakeProject(1, 'full', -1, 11 * gib), fakeProject(2, 'acme', -1)]);
  const { exitCode, stdout } = await run(harbor, '--apply');
  assert.equal(exitCode, 3);
  assert.match(stdout, /left alone {2}full: it uses 11 GiB, more than 10 GiB; --allow-below-usage/);
  assert.deepEqual(
    harbor.projects.map(({ hard }) => hard.storage),
    [-1, 10 * gib],
  );
  assert.equal((await run(harbor, '--apply', '--allow-below-usage')).exitCode, 0);
  assert.equal(harbor.projects[0]!.hard.storage, 10 * gib);
});

test('tells exactly what failed half-way, and a second run finishes it', async (t) => {
  const harbor = await startHarbor(
    t,
    [1, 2, 3].map((id) => fakeProject(id, `p${id}`, -1)),
  );
  harbor.fail = (operation, _, path) =>
    operation === 'updateQuota' && path.endsWith('/102') ? 403 : undefined;
  const first = await run(harbor, '--apply');
  assert.equal(first.exitCode, 1);
  assert.match(first.stdout, /p1 .*applied\n/);
  assert.match(
    first.stdout,
    /p2 .*failed: PUT \/quotas\/102: Harbor answers 403: told to fail; you sent Basic \*\*\*/,
  );
  assert.match(first.stdout, /p3 .*applied\n/);
  assert.match(first.stdout, /2 applied, 1 failed, 0 as wanted\. Run it again to finish/);
  harbor.fail = () => undefined;
  const second = await run(harbor, '--apply', '--json');
  assert.deepEqual(
    JSON.parse(second.stdout).rows.map((row: { project: string }) => row.project),
    ['p2'],
  );
});

test('stops where every further request would fail too, and says what was not tried', async (t) => {
  const harbor = await startHarbor(
    t,
    [1, 2].map((id) => fakeProject(id, `p${id}`, -1)),
  );
  harbor.fail = (operation) => (operation === 'updateQuota' ? 401 : undefined);
  const { exitCode, stdout } = await run(harbor, '--apply');
  assert.equal(exitCode, 1);
  assert.match(stdout, /p2 .*not tried: the one before it failed/);
});

test('tells what was done when it is cancelled', async (t) => {
  const harbor = await startHarbor(
    t,
    [1, 2, 3].map((id) => fakeProject(id, `p${id}`, -1)),
  );
  const ending = new AbortController();
  harbor.fail = (operation, nth) => {
    if (operation === 'updateQuota' && nth === 2) ending.abort();
    return undefined;
  };
  const words = ['registry', 'harbor-quota', '--url', harbor.url, '--apply', '--json'];
  const { exitCode, stdout } = await runGoSreInProcess(words, '/', { env, fetch, signal: ending.signal });
  const states = JSON.parse(stdout).rows.map((row: { state: string }) => row.state);
  assert.deepEqual([exitCode, states], [130, ['applied', 'failed', 'not tried']]);
});

test('tries again when Harbor is busy, and gives up after four times', async (t) => {
  const harbor = await startHarbor(t, [fakeProject(1, 'acme', -1)]);
  harbor.fail = (operation, nth) =>
    operation === 'updateQuota' && nth < 4 ? [429, 503, 500][nth - 1] : undefined;
  assert.equal((await run(harbor, '--apply')).exitCode, 0);
  assert.equal(harbor.projects[0]!.hard.storage, 10 * gib);
  harbor.fail = (operation) => (operation === 'listProjects' ? 503 : undefined);
  const { exitCode, stderr } = await run(harbor);
  assert.equal(exitCode, 1);
  assert.match(stderr, /GET \/projects: Harbor answers 503: .* \(4 tries\)\. Nothing was changed\./);
});

test('sets quotas on the number of artifacts where the version has them, beside the storage', async (t) => {
  const harbor = await startHarbor(t, [
    { ...fakeProject(1, 'acme', 10 * gib), hard: { storage: 10 * gib, count: -1 } },
  ]);
  harbor.version = 'v1.10.19-bd5e5fd7';
  const { exitCode, stdout, stderr } = await run(harbor, '--count', '500', '--apply');
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /10 GiB, unlimited count +→ +10 GiB, 500 artifacts/);
  assert.deepEqual(harbor.projects[0]!.hard, { storage: 10 * gib, count: 500 });
  assert.deepEqual(harbor.problems, []);
});

test('refuses what the version cannot do before it changes anything', async (t) => {
  const harbor = await startHarbor(t, [fakeProject(1, 'acme', -1)]);
  const count = await run(harbor, '--count', '500', '--apply');
  assert.match(count.stderr, /Harbor v2\.12\.2-73072d0d has no quota on the number of artifacts/);
  harbor.version = 'v2.4.3-abc';
  const cosign = await run(harbor, '--cosign-pull-policy', 'on', '--apply');
  assert.match(cosign.stderr, /does not know cosign, which came with 2\.5/);
  assert.deepEqual([count.exitCode, cosign.exitCode, harbor.projects[0]!.hard.storage], [1, 1, -1]);
});

test('takes credentials from a file, and refuses to go without', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'quota-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const harbor = await startHarbor(t);
  const plain = join(folder, 'plain');
  writeFileSync(plain, `# robot\nusername = ${harborUser}\npassword=${harborPassword}\n`);
  const json = join(folder, 'json');
  writeFileSync(json, JSON.stringify({ username: harborUser, password: harborPassword }));
  const words = ['registry', 'harbor-quota', '--url', harbor.url];
  for (const file of [plain, json]) {
    assert.equal(
      (await runGoSreInProcess([...words, '--credentials', file], folder, { env: {}, fetch })).exitCode,
      0,
    );
  }
  const none = await runGoSreInProcess(words, folder, { env: {}, fetch });
  assert.equal(none.exitCode, 2);
  assert.match(none.stderr, /set HARBOR_USERNAME and HARBOR_PASSWORD/);
});

test('says clearly what is wrong with the command line, the credentials and the address', async (t) => {
  const harbor = await startHarbor(t);
  const cases: [string[], RegExp][] = [
    [['--url', 'harbor'], /must be Harbor's address/],
    [['--url', 'https://me:secret@harbor.example.com'], /must hold no credentials/],
    [['--url', 'http://harbor.example.com'], /plain HTTP/],
    [[], /--url is missing/],
    [['--url', harbor.url, '--storage', '0'], /--storage must be more than nothing/],
    [['--url', harbor.url, '--storage', '10 pounds'], /such as 10GiB/],
    [['--url', harbor.url, '--cosign-pull-policy', 'yes'], /must be on or off/],
    [['--url', harbor.url, 'acme'], /takes flags only/],
  ];
  for (const [flags, expected] of cases) {
    const { exitCode, stderr } = await runGoSreInProcess(['registry', 'harbor-quota', ...flags], '/', {
      env,
      fetch,
    });
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, expected);
    assert.ok(!stderr.includes('secret'));
  }
  const bad = { HARBOR_USERNAME: 'admin', HARBOR_PASSWORD: 'Wrong-one' };
  const denied = await runGoSreInProcess(['registry', 'harbor-quota', '--url', harbor.url], '/', {
    env: bad,
    fetch,
  });
  assert.match(denied.stderr, /Harbor answers 401/);
  assert.ok(!denied.stderr.includes('Wrong-one'));
});
