import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as realDisk from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { sha256 } from '../../scaffold/src/sha256.ts';
import { runGoSreInProcess, smallTemplate } from '../helpers/scaffold.ts';
import { emit, temporaryFolder } from '../helpers/update.ts';

async function service(t: TestContext): Promise<string> {
  const dir = join(temporaryFolder(t), 'orders');
  await emit(dir, smallTemplate(), undefined, '1.2.3');
  return dir;
}

const render = (dir: string, ...flags: string[]) => runGoSreInProcess(['slo', 'render', ...flags], dir);
const read = (dir: string, path: string) => readFileSync(join(dir, path), 'utf8');
const manifest = (dir: string) => JSON.parse(read(dir, '.go-sre/manifest.json'));

function put(dir: string, path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

async function states(dir: string, ...flags: string[]): Promise<Record<string, string>> {
  const ran = await render(dir, '--json', ...flags);
  const { files } = JSON.parse(ran.stdout || '{"files":[]}') as { files: { path: string; state: string }[] };
  return Object.fromEntries(
    files.flatMap(({ path, state }) => (state === 'unchanged' ? [] : [[path, state]])),
  );
}

const kubernetesFiles = ['deployment', 'service', 'service-monitor', 'prometheus-rule', 'kustomization'].map(
  (name) => `ops/kubernetes/${name}.yaml`,
);

test('without a flag nothing of Kubernetes is rendered, and nothing is kept', async (t) => {
  const dir = await service(t);
  assert.equal((await render(dir)).exitCode, 0);
  assert.ok(!existsSync(join(dir, 'ops/kubernetes')));
  assert.equal(manifest(dir).answers.render, undefined);
});

test('what a flag chose is kept: the next run, --check and update render the same without it', async (t) => {
  const dir = await service(t);
  const flags = ['--kubernetes', '--grafana', 'operator', '--repo', 'https://git.example.com/orders.git'];
  const ran = await render(dir, ...flags, '--namespace', 'production', '--target', 'thanos');
  assert.equal(ran.exitCode, 0, ran.stderr);
  for (const path of [...kubernetesFiles, 'ops/argocd/application.yaml']) {
    assert.ok(existsSync(join(dir, path)), path);
    assert.notEqual(manifest(dir).files[path], undefined, path);
  }
  assert.match(read(dir, 'ops/prometheus/rules.yaml'), /partial_response_strategy: abort/);
  assert.deepEqual(await states(dir), {});
  assert.equal((await render(dir, '--check')).exitCode, 0);
  const before = read(dir, '.go-sre/manifest.json');
  const updated = await runGoSreInProcess(['update'], dir);
  assert.match(updated.stdout, /Nothing to do/, updated.stderr);
  assert.equal(read(dir, '.go-sre/manifest.json'), before);
});

test('the pod is that of the service: its port, its options, and the collector of the same version', async (t) => {
  const dir = await service(t);
  await render(dir, '--kubernetes', '--image', 'example.com/orders:1.4.2');
  const [container] = parse(read(dir, 'ops/kubernetes/deployment.yaml')).spec.template.spec.containers;
  assert.deepEqual(
    container.ports.map(({ containerPort }: { containerPort: number }) => containerPort),
    [8080, 8081],
  );
  const { images } = parse(read(dir, 'ops/kubernetes/kustomization.yaml'));
  assert.deepEqual(images[0], { name: container.image, newName: 'example.com/orders', newTag: '1.4.2' });
  assert.equal(images[1].newTag, '1.2.3');
});

test('an update of the template renders the Kubernetes resources again, and keeps what was patched by hand', async (t) => {
  const dir = await service(t);
  await render(dir, '--kubernetes');
  const patched = read(dir, 'ops/kubernetes/deployment.yaml').replace('replicas: 2', 'replicas: 5');
  put(dir, 'ops/kubernetes/deployment.yaml', patched);
  const ran = await runGoSreInProcess(['update', '--json'], dir, { version: '1.3.0' });
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.match(read(dir, 'ops/kubernetes/kustomization.yaml'), /newTag: 1\.3\.0/);
  assert.match(read(dir, 'ops/kubernetes/deployment.yaml'), /replicas: 5/);
});

test('--check tells of every file that was edited, is missing or follows no more', async (t) => {
  const dir = await service(t);
  await render(dir, '--kubernetes', '--repo', 'https://git.example.com/orders.git');
  put(dir, 'ops/kubernetes/service.yaml', 'kind: Service\n');
  rmSync(join(dir, 'ops/kubernetes/collector.yaml'));
  const checked = await render(dir, '--check', '--repo', 'none');
  assert.equal(checked.exitCode, 1);
  assert.match(checked.stdout, /^changed +ops\/kubernetes\/service\.yaml$/m);
  assert.match(checked.stdout, /^new +ops\/kubernetes\/collector\.yaml$/m);
  assert.match(checked.stdout, /^removed +ops\/argocd\/application\.yaml$/m);
  assert.match(checked.stderr, /3 of \d+ files do not follow/);
  assert.ok(existsSync(join(dir, 'ops/argocd/application.yaml')));
});

test('--no-kubernetes removes what was rendered, but for what was edited, which is told until it is gone', async (t) => {
  const dir = await service(t);
  await render(dir, '--kubernetes', '--namespace', 'production');
  put(dir, 'ops/kubernetes/service.yaml', 'mine: true\n');
  put(dir, 'ops/kubernetes/own.yaml', 'mine: true\n');
  const ran = await render(dir, '--no-kubernetes');
  assert.equal(ran.exitCode, 0);
  assert.match(ran.stdout, /^edited +ops\/kubernetes\/service\.yaml$/m);
  assert.match(ran.stderr, /service\.yaml is rendered no more.*edited by hand.*stays/);
  assert.equal(manifest(dir).answers.render, undefined);
  for (const path of kubernetesFiles.filter((path) => !path.endsWith('/service.yaml'))) {
    assert.ok(!existsSync(join(dir, path)), path);
    assert.equal(manifest(dir).files[path], undefined);
  }
  assert.equal((await render(dir, '--check')).exitCode, 1);
  rmSync(join(dir, 'ops/kubernetes/service.yaml'));
  assert.equal((await render(dir, '--check')).exitCode, 0);
  await render(dir);
  assert.equal(manifest(dir).files['ops/kubernetes/service.yaml'], undefined);
  assert.ok(existsSync(join(dir, 'ops/kubernetes/own.yaml')));
});

test('a manifest that names a file outside of ops/ has none removed', async (t) => {
  const dir = await service(t);
  put(dir, 'keep.txt', 'mine');
  const changed = manifest(dir);
  changed.files['ops/../keep.txt'] = sha256(Buffer.from('mine'));
  put(dir, '.go-sre/manifest.json', JSON.stringify(changed));
  const ran = await render(dir);
  assert.doesNotMatch(ran.stdout, /keep/);
  assert.equal(read(dir, 'keep.txt'), 'mine');
});

test('a disk that refuses to remove a file leaves all of them as they were', async (t) => {
  const dir = await service(t);
  await render(dir, '--kubernetes');
  const before = read(dir, '.go-sre/manifest.json');
  const rm: typeof realDisk.rm = (path, options) =>
    String(path).endsWith('/service.yaml')
      ? Promise.reject(Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' }))
      : realDisk.rm(path, options);
  const ran = await runGoSreInProcess(['slo', 'render', '--no-kubernetes'], dir, {
    disk: { ...realDisk, rm },
  });
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stderr, /Nothing was written below .*EPERM/);
  assert.equal(read(dir, '.go-sre/manifest.json'), before);
  assert.equal((await render(dir, '--check')).exitCode, 0);
});

const batch = (id: string, more = '') => `schema: go-sre.slo/v1
service: orders
owner: team-batch
runbook: runbooks/batch.md
slos:
  - id: ${id}
    kind: freshness
    timestamp: max(batch_last_success_timestamp_seconds)
    thresholdSeconds: 3600
    objective: 0.99
    window: 30d
${more}`;

test('objectives of slo.yaml and of every --slo are joined with those of slo.json, and the files are kept', async (t) => {
  const dir = await service(t);
  put(dir, 'slo.yaml', batch('nightly'));
  put(dir, 'slos/weekly.yaml', batch('weekly'));
  assert.equal((await render(dir, '--slo', 'slos/weekly.yaml')).exitCode, 0);
  const rules = read(dir, 'ops/prometheus/rules.yaml');
  for (const words of ['slo: nightly', 'slo: weekly', 'owner: team-batch', 'get-orders'])
    assert.ok(rules.includes(words), words);
  assert.deepEqual(manifest(dir).answers.specs, ['slos/weekly.yaml']);
  assert.equal((await render(dir, '--check')).exitCode, 0);
  const updated = await runGoSreInProcess(['update'], dir, { version: '1.3.0' });
  assert.equal(updated.exitCode, 0, updated.stderr);
  assert.equal(read(dir, 'ops/prometheus/rules.yaml'), rules);
  assert.equal((await render(dir, '--slo', 'none')).exitCode, 0);
  assert.ok(!read(dir, 'ops/prometheus/rules.yaml').includes('slo: weekly'));
  assert.equal(manifest(dir).answers.specs, undefined);
});

test('a slo.yaml alone is enough: rules, routes and dashboards, and no pod of a service that is not ours', async (t) => {
  const dir = temporaryFolder(t);
  put(dir, 'slo.yaml', batch('nightly'));
  const ran = await render(dir, '--kubernetes');
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(ran.stdout, /ops\/kubernetes\/prometheus-rule\.yaml/);
  assert.doesNotMatch(ran.stdout, /deployment|service-monitor|collector/);
  assert.equal((await render(dir, '--check', '--kubernetes')).exitCode, 0);
});

const refused: { what: string; files: Record<string, string>; flags?: string[]; says: RegExp[] }[] = [
  {
    what: 'an id that stands in two files',
    files: { 'slo.yaml': batch('nightly'), 'more.yaml': batch('nightly') },
    flags: ['--slo', 'more.yaml'],
    says: [/more\.yaml:\d+: slos\[0\]\.id: "nightly"/, /slo\.yaml/],
  },
  {
    what: 'a file about another service',
    files: { 'slo.yaml': batch('nightly').replace('service: orders', 'service: billing') },
    says: [/several services: orders, billing/, /folder of its own/],
  },
  {
    what: 'a file with a misspelt key',
    files: { 'slo.yaml': batch('nightly', '    windwo: 30d\n') },
    says: [/slo\.yaml:\d+: slos\[0\]\.windwo: unknown key; did you mean "window"\?/],
  },
  { what: 'a file that is not there', files: {}, flags: ['--slo', 'gone.yaml'], says: [/no .*gone\.yaml/] },
];

for (const { what, files, flags = [], says } of refused) {
  test(`${what} is refused with the place`, async (t) => {
    const dir = await service(t);
    for (const [path, text] of Object.entries(files)) put(dir, path, text);
    const ran = await render(dir, ...flags);
    assert.equal(ran.exitCode, 1);
    for (const words of says) assert.match(ran.stderr, words);
    assert.deepEqual(manifest(dir).answers.specs, undefined);
  });
}

const wrongFlags: [string[], RegExp][] = [
  [['--namespace', 'shop'], /--namespace is about Kubernetes; give --kubernetes with it/],
  [['--kubernetes', '--no-kubernetes'], /contradict/],
  [['--target', 'thans'], /--target "thans" is none of .*did you mean thanos\?/],
  [['--kubernetes', '--grafana', 'helm'], /none of configmap, operator/],
  [['--kubernetes', '--namespace', 'Shop'], /is no namespace/],
  [['--kubernetes', '--image', 'example.com/shop'], /no image with a tag or digest/],
  [['--kubernetes', '--image', 'localhost:5000/shop'], /no image with a tag or digest/],
  [['--kubernetes', '--repo', 'shop'], /no address of a git repository/],
  [['--kubernetes', '--path', '../x'], /no path inside the repository/],
  [['--kubernetes', '--path', 'x'.repeat(501)], /more than 500 characters/],
  [['--slo', 'none', '--slo', 'a.yaml'], /stands alone/],
];

for (const [flags, says] of wrongFlags) {
  test(`slo render ${flags.join(' ').slice(0, 60)} is refused`, async (t) => {
    const ran = await render(await service(t), ...flags);
    assert.equal(ran.exitCode, 2, ran.stdout);
    assert.match(ran.stderr, says);
  });
}

test('a password in --repo is neither kept nor printed', async (t) => {
  const dir = await service(t);
  for (const user of ['ann:geheim', 'geheim']) {
    const ran = await render(dir, '--kubernetes', '--repo', `https://${user}@git.example.com/shop.git`);
    assert.equal(ran.exitCode, 2);
    assert.match(ran.stderr, /holds a user or a password/);
    assert.doesNotMatch(ran.stderr + read(dir, '.go-sre/manifest.json'), /geheim/);
  }
  assert.equal((await render(dir, '--kubernetes', '--repo', 'ssh://git@example.com/shop.git')).exitCode, 0);
});

test('a choice that no flag makes is refused where it stands in the manifest', async (t) => {
  const dir = await service(t);
  const changed = manifest(dir);
  changed.answers.render = { kubernetes: 'yes', grafana: 'helm', colour: 'red' };
  put(dir, '.go-sre/manifest.json', JSON.stringify(changed));
  const ran = await render(dir);
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stderr, /answers\.render in \.go-sre\/manifest\.json/);
  assert.match(ran.stderr, /"colour" is no flag/);
  assert.match(ran.stderr, /--grafana "helm"/);
});
