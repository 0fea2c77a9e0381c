import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fits } from '../../../images/admission/glob.ts';
import {
  parseBytes,
  parseConfig,
  parseDurationMs,
  parseReference,
  policyFor,
  showBytes,
} from '../../../images/index.ts';

test('reads a configuration and fills in what it leaves out', () => {
  const parsed = parseConfig(
    'policies:\n  - images: [ghcr.io/acme/**]\n    key: cosign.pub\n    maxAge: 90d\n    maxImageSize: 500MiB\n',
  );
  assert.ok('config' in parsed);
  const { policies, limits, cache, failOpen, listen } = parsed.config;
  assert.deepEqual(
    [policies[0]?.maxAge, policies[0]?.maxImageSize, policies[0]?.namespaces],
    [7_776_000_000, 524_288_000, ['**']],
  );
  assert.deepEqual([policies[0]?.transparencyLog, failOpen, listen.port], [true, false, 8443]);
  // Below the 10 s that Kubernetes waits.
  assert.deepEqual([limits.time, cache.accepted, cache.refused], [8000, 300_000, 10_000]);
});

test('lists every problem with its path', () => {
  const parsed = parseConfig(`
listen: { port: 70000, hots: 0.0.0.0 }
limits: { time: 8, concurrency: 0, body: lots }
policies:
  - images: []
    key: cosign.pub
  - images: ['a/*']
    key: cosign.pub
    identity: me
  - images: ['a/*']
    identity: me
  - images: ['a/*']
    identityPattern: '('
    issuer: https://issuer
  - images: nginx
    exempt: because
harbor: { url: 'https://me:secret@harbor.example.com', onFailure: burn }
`);
  assert.ok('problems' in parsed);
  const lines = parsed.problems.map(({ path, message }) => `${path} ${message}`);
  const expected = [
    /^listen\.port must be 0 \(any free port\) to 65535$/,
    /^listen\.hots is no key that is known here$/,
    /^limits\.time must be a duration with its unit/,
    /^limits\.concurrency must be a whole number from 1 to 256$/,
    /^limits\.body must be a size with its unit/,
    /^policies\[0\]\.images must list at least one pattern$/,
    /^policies\[1\] must have exactly one of key, identity/,
    /^policies\[2\] must have issuer or issuerPattern/,
    /^policies\[3\]\.identityPattern must be a regular expression$/,
    /^policies\[4\]\.images must be a list$/,
    /^harbor\.url must hold no credentials/,
    /^harbor\.onFailure must be label or delete$/,
  ];
  for (const one of expected)
    assert.ok(
      lines.some((line) => one.test(line)),
      `${one} is not among\n${lines.join('\n')}`,
    );
  assert.ok(!lines.join('\n').includes('secret'));
});

test('refuses what is no configuration without falling over', () => {
  for (const text of [
    '',
    'null',
    '[]',
    '42',
    'a: [',
    '\0',
    'policies: 1',
    `a: &a [${'*a,'.repeat(3)}]`,
    'x'.repeat(2_000_000),
  ]) {
    const parsed = parseConfig(text);
    assert.ok('problems' in parsed && parsed.problems.length > 0, text.slice(0, 20));
  }
});

test('compares names with patterns as registries name images', () => {
  const cases: [string, string, boolean][] = [
    ['ghcr.io/acme/shop', 'ghcr.io/acme/*', true],
    ['ghcr.io/acme/team/shop', 'ghcr.io/acme/*', false],
    ['ghcr.io/acme/team/shop', 'ghcr.io/acme/**', true],
    ['ghcr.io/acme', 'ghcr.io/acme/**', false],
    ['ghcr.io/acme-evil/shop', 'ghcr.io/acme/**', false],
    ['ghcr.io/acme/shop', '**/shop', true],
    ['ghcrXio/acme/shop', 'ghcr.io/acme/*', false],
    ['', '**', true],
    ['', '*', true],
    ['kube-system', 'kube-*', true],
  ];
  for (const [name, pattern, expected] of cases)
    assert.equal(fits(name, pattern), expected, `${name} ${pattern}`);
});

test('compares in linear time, whatever the pattern is', () => {
  assert.equal(fits('a'.repeat(1000), `${'*a'.repeat(140)}b`), false);
});

test('takes the first policy that covers image and namespace, and knows Docker Hub by its short names', () => {
  const parsed = parseConfig(`
policies:
  - { images: ['**'], namespaces: [kube-system], exempt: early }
  - { images: [nginx], exempt: known }
  - { images: ['docker.io/**'], key: k }
`);
  assert.ok('config' in parsed);
  const of = (image: string, namespace = 'default') =>
    parsed.config.policies.indexOf(policyFor(parseReference(image)!, namespace, parsed.config.policies)!);
  assert.deepEqual(
    [
      of('nginx:1'),
      of('docker.io/library/nginx'),
      of('redis'),
      of('quay.io/a/b'),
      of('quay.io/a/b', 'kube-system'),
    ],
    [1, 1, 2, -1, 0],
  );
});

test('reads sizes and durations only with units that leave no doubt', () => {
  assert.deepEqual(
    ['10GiB', '1.5MB', '4096', '1 kB'].map(parseBytes),
    [10_737_418_240, 1_500_000, 4096, 1000],
  );
  assert.deepEqual(
    ['10 pounds', '-1', '', 'GiB', '9e9', '99999999999TiB'].map(parseBytes),
    Array(6).fill(undefined),
  );
  assert.deepEqual(
    ['90d', '8s', '500ms', '1.5h', '2w'].map(parseDurationMs),
    [7_776_000_000, 8000, 500, 5_400_000, 1_209_600_000],
  );
  assert.deepEqual(['8', 'soon', '1M', '1e3s'].map(parseDurationMs), Array(4).fill(undefined));
  assert.deepEqual([-1, 0, 1536, 10_737_418_240].map(showBytes), ['unlimited', '0 B', '1.5 KiB', '10 GiB']);
});
