import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import type { RuleGroup } from '../../alerts/index.ts';
import { parseConfigText, validateConfig } from '../../collector/config.ts';
import { type GitOpsInput, groupingProblem, nameProblem, oversized, planGitOps } from '../../gitops/index.ts';
import { emittedText, fullAnswers } from '../helpers/emitted-service.ts';
import { groupsOf, kubernetes, shop, smallInput } from '../helpers/gitops.ts';

const testdata = join(import.meta.dirname, 'testdata');

function planned(change: Partial<GitOpsInput> = {}): Map<string, string> {
  return planGitOps(smallInput(change));
}

/** What the file holds; kubeconform.test.ts checks its shape. */
function document(file: string, change: Partial<GitOpsInput> = {}) {
  return parse(planned(change).get(file)!);
}

const workload = { port: 8080, options: ['postgres', 'redis'], collectorVersion: '0.1.0' };

// Refreshed by: node --test --test-update-snapshots test/gitops/plan.test.ts
const cases: Record<string, Partial<GitOpsInput>> = {
  emitted: { workload, options: { ...kubernetes, repo: 'https://git.example.com/shop.git' } },
  foreign: {
    service: shop({ job: 'batch/shop', routing: { page: 'team-shop' } }),
    options: { ...kubernetes, namespace: 'production', grafana: 'operator' },
    workload: undefined,
  },
};

for (const [name, change] of Object.entries(cases)) {
  for (const [path, text] of planned(change)) {
    test(`${path} of the ${name} service is the golden one`, (t) => {
      const golden = join(testdata, `${name}.${path.split('/').at(-1)}`);
      t.assert.fileSnapshot(text, golden, { serializers: [String] });
    });
  }
}

test('a service that somebody else runs gets rules, routes and dashboards, and no pod', () => {
  assert.deepEqual(
    [...planned({ workload: undefined }).keys()],
    ['prometheus-rule', 'alertmanager-config', 'dashboard-shop', 'kustomization'].map(
      (file) => `kubernetes/${file}.yaml`,
    ),
  );
});

test('the same input gives the same bytes', () => {
  assert.deepEqual(planned(cases.emitted), planned(cases.emitted));
});

test('the kustomization lists every object of the folder, and nothing else', () => {
  const files = [...planned({ workload }).keys()].map((path) => path.replace('kubernetes/', ''));
  const others = ['kustomization.yaml', 'collector.yaml'];
  assert.deepEqual(
    document('kubernetes/kustomization.yaml', { workload }).resources,
    files.filter((file) => !others.includes(file)).sort(),
  );
});

test("the collector's configuration is one that the collector takes, and reads what the service writes", () => {
  const text = planned().get('kubernetes/collector.yaml')!;
  const read = parseConfigText(text);
  assert.ok('value' in read);
  const { config, problems } = validateConfig(read.value);
  assert.deepEqual(problems, undefined);
  const [container] = document('kubernetes/deployment.yaml').spec.template.spec.containers;
  const env = new Map(container.env.map((one: { name: string; value: string }) => [one.name, one.value]));
  assert.deepEqual(config?.receivers.logFiles[0]?.include, [env.get('LOG_FILE')]);
  assert.deepEqual(config?.receivers.scrape[0]?.targets, ['127.0.0.1:8081']);
  assert.equal(env.get('OTEL_EXPORTER_OTLP_ENDPOINT'), `http://127.0.0.1:${config?.listen.otlpHttpPort}`);
});

test('what the containers mount is what the pod has, and the collector stores less than its volume holds', () => {
  const { spec } = document('kubernetes/deployment.yaml', { workload }).spec.template;
  const volumes = new Map<string, { emptyDir?: { sizeLimit: string } }>(
    spec.volumes.map((volume: { name: string }) => [volume.name, volume]),
  );
  const mounts = [...spec.initContainers, ...spec.containers].flatMap(
    ({ volumeMounts = [] }) => volumeMounts,
  );
  assert.deepEqual(new Set(mounts.map(({ name }) => name)), new Set(volumes.keys()));
  const config = validateConfig(document('kubernetes/collector.yaml')).config!;
  const limit = Number.parseInt(volumes.get('collector-store')!.emptyDir!.sizeLimit, 10) * 1024 ** 3;
  assert.ok(config.store.maxSize * 1.2 < limit);
});

test('every container runs under the restricted profile and has a limit of memory', () => {
  const { spec } = document('kubernetes/deployment.yaml', { workload }).spec.template;
  assert.equal(spec.securityContext.runAsNonRoot, true);
  assert.deepEqual(spec.securityContext.seccompProfile, { type: 'RuntimeDefault' });
  for (const { securityContext, resources } of [...spec.initContainers, ...spec.containers]) {
    assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] });
    assert.equal(securityContext.allowPrivilegeEscalation, false);
    assert.match(resources.limits.memory, /^\d+Mi$/);
  }
});

test("every environment variable is one that the service's README tells of", () => {
  const [container] = document('kubernetes/deployment.yaml').spec.template.spec.containers;
  const readme = emittedText(fullAnswers, 'README.md');
  const own = container.env.map(({ name }: { name: string }) => name);
  const told = own.filter((name: string) => !name.startsWith('POD_') && name !== 'GOMEMLIMIT');
  for (const name of told) assert.ok(readme.includes(`\`${name}\``) || readme.includes(name), name);
});

test("the collector's image is the one in the service's compose.yaml", () => {
  const { images } = document('kubernetes/kustomization.yaml');
  const { newName, newTag } = images[1];
  assert.match(emittedText(fullAnswers, 'compose.yaml'), new RegExp(`image: ${newName}:`));
  assert.equal(newTag, '0.1.0');
});

test('an alert carries the namespace that the operator routes by, a recorded series does not', () => {
  const { spec } = document('kubernetes/prometheus-rule.yaml', {
    options: { ...kubernetes, namespace: 'production' },
  });
  const [record, alert] = spec.groups[0].rules;
  assert.equal(record.labels.namespace, undefined);
  assert.equal(alert.labels.namespace, 'production');
});

test('jobs are named as the rules select by them', () => {
  const job = (service = shop()) =>
    document('kubernetes/service-monitor.yaml', { service }).spec.endpoints[0].relabelings[0].replacement;
  assert.equal(job(), 'shop');
  assert.equal(job(shop({ job: 'a$1b' })), 'a$$1b');
});

test('a native histogram is asked for as protobuf, and the service is told to have one', () => {
  const slo = {
    id: 'a',
    kind: 'latency',
    histogram: 'native',
    thresholdSeconds: 1,
    objective: 0.99,
    window: '30d',
  };
  const service = shop({ slos: [slo] });
  assert.equal(
    document('kubernetes/service-monitor.yaml', { service }).spec.scrapeProtocols[0],
    'PrometheusProto',
  );
  assert.match(planned({ service }).get('kubernetes/deployment.yaml')!, /NATIVE_HISTOGRAMS\n +value: "true"/);
  assert.equal(document('kubernetes/service-monitor.yaml').spec.scrapeProtocols, undefined);
});

test('every receiver has an integration, and every route a receiver', () => {
  for (const routing of [undefined, { page: 'pager' }, { page: 'team a', ticket: 'team a' }]) {
    const service = shop(routing && { routing });
    const { route, receivers } = document('kubernetes/alertmanager-config.yaml', { service }).spec;
    const names = receivers.map(({ name }: { name: string }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { webhookConfigs } of receivers)
      assert.equal(webhookConfigs[0].urlSecret.name, 'shop-receivers');
    for (const { receiver } of [route, ...route.routes]) assert.ok(names.includes(receiver), receiver);
  }
});

for (const [image, parts] of [
  ['example.com/shop:1.4', { newName: 'example.com/shop', newTag: '1.4' }],
  ['example.com:5000/a/shop:v1', { newName: 'example.com:5000/a/shop', newTag: 'v1' }],
  ['example.com:5000/shop', { newName: 'example.com:5000/shop' }],
  ['shop@sha256:0a', { newName: 'shop', digest: 'sha256:0a' }],
] as const) {
  test(`the image ${image} becomes ${Object.keys(parts).join(' and ')}`, () => {
    const { images } = document('kubernetes/kustomization.yaml', { options: { ...kubernetes, image } });
    assert.deepEqual(images[0], { name: 'shop', ...parts });
  });
}

test('words that YAML 1.1 reads as booleans are quoted', () => {
  const text = planned({ service: shop({ routing: { page: 'on', ticket: 'no' } }) });
  assert.match(text.get('kubernetes/alertmanager-config.yaml')!, /receiver: "on"/);
});

test('names that Kubernetes does not take are refused', () => {
  assert.equal(nameProblem('shop-2'), undefined);
  assert.equal(nameProblem('a'.repeat(63)), undefined);
  for (const name of ['shop-', '2shop', 'a'.repeat(64), 'Shop']) assert.match(nameProblem(name)!, /63/);
});

test('rules of a large service are spread over as many objects as the operator takes, in their order', () => {
  const rule = fc
    .integer({ min: 1, max: 150_000 })
    .map((length) => ({ record: 'a:b', expr: 'x'.repeat(length) }));
  const groups = fc
    .array(fc.array(rule, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 })
    .map((all) => all.map((rules, n) => ({ name: `g${n}`, interval: '30s', rules })));
  fc.assert(
    fc.property(groups, (given) => {
      const objects = [...planned({ groups: given })].flatMap(([path, text]) =>
        path.includes('prometheus-rule') ? [parse(text)] : [],
      );
      for (const { spec } of objects) assert.ok(stringify(spec).length < 512 * 1024);
      const placed = objects.flatMap(({ spec }) => spec.groups);
      assert.deepEqual(
        placed.flatMap(({ rules }) => rules),
        given.flatMap(({ rules }) => rules),
      );
      assert.equal(new Set(placed.map(({ name }) => name)).size, placed.length);
      assert.equal(new Set(objects.map(({ metadata }) => metadata.name)).size, objects.length);
    }),
    { numRuns: 20, seed: 7 },
  );
});

test('the total that bad events are taken from is in their group, however large the service', () => {
  const slos = Array.from({ length: 350 }, (_, n) => ({
    ...{
      id: `get-route-${n}-latency`,
      kind: 'latency',
      method: 'GET',
      route: `/route/${n}/${'x'.repeat(n % 150)}`,
    },
    ...{ thresholdSeconds: 0.25, objective: 0.999, window: '30d' },
  }));
  const service = shop({ slos });
  const files = [...planned({ service, groups: groupsOf(service) })];
  const groups = files.flatMap(([path, text]) =>
    path.includes('prometheus-rule') ? (parse(text).spec.groups as RuleGroup[]) : [],
  );
  assert.ok(groups.some(({ name }) => name === 'slo-shop-fast-2'));
  for (const { name, rules } of groups) {
    const [first] = rules.map((rule) => ('record' in rule ? rule.record : ''));
    assert.doesNotMatch(first!, /^slo:bad_events:/, name);
  }
});

test('an objective that is split by namespaces is refused: alerts have that label for their own', () => {
  const custom = { kind: 'custom', bad: 'bad_total', total: 'all_total', objective: 0.99, window: '30d' };
  const by = (label: string) => shop({ slos: [{ id: 'jobs', ...custom, by: [label] }] });
  assert.equal(groupingProblem(by('region')), undefined);
  assert.match(groupingProblem(by('namespace'))!, /"jobs".*label_replace/);
});

for (const [count, objects] of [
  [60, 1],
  [200, 2],
] as const) {
  test(`the rules of ${count} objectives are ${objects} of the operator's objects, none too large for it`, () => {
    const slos = Array.from({ length: count }, (_, n) => ({
      ...{ id: `get-route-${n}-availability`, kind: 'availability', method: 'GET', route: `/route/${n}` },
      ...{ objective: 0.999, window: '30d' },
    }));
    const service = shop({ slos });
    const files = [...planned({ service, groups: groupsOf(service) })];
    const rules = files.filter(([path]) => path.includes('prometheus-rule'));
    assert.equal(rules.length, objects);
    for (const [path, text] of rules) assert.ok(text.length < 512 * 1024, path);
  });
}

test('a dashboard that is too large for its object is told', () => {
  const dashboards = new Map([['shop.json', JSON.stringify({ title: 'x'.repeat(1_100_000) })]]);
  assert.deepEqual(oversized(planned()), []);
  assert.match(oversized(planned({ dashboards })).join(), /dashboard-shop\.yaml has 1075 KiB.*at most 1024/);
  assert.deepEqual(oversized(planned({ dashboards, options: { ...kubernetes, grafana: 'operator' } })), []);
});
