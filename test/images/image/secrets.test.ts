import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretInVariable, secretsOf, secretValues } from '../../../images/image/secrets.ts';

const letters = 'aB3dE5gH7jK9mN2pQ4sT6vW8yZ1cF0iL';

const values: Readonly<Record<string, string>> = {
  'an AWS access key': 'key = AKIAQYLPMN5HHHFPZAM2',
  'a GitHub token': `token: github_pat_${letters}${letters}${letters.slice(0, 18)}`,
  'a GitLab token': 'glpat-abcdefghij0123456789',
  'a Slack token': 'xoxb-123456789012-1234567890123-abcdefghijABCDEFGHIJ1234',
  'a Google API key': `AIza${letters}abc`,
  'a Stripe key': `sk_live_${letters}`,
  'an npm token': `npm_${letters}abcd`,
  'a password in a URL': 'postgres://shop:s3cr3tpass@db:5432/shop',
  'an npm registry password': `//registry.npmjs.org/:_authToken=${letters}`,
};

for (const [what, text] of Object.entries(values)) {
  test(`${what} is found by its form, with its line`, () => {
    assert.deepEqual(
      secretValues(`first line\n${text}\n`).map((found) => [found.what, found.line]),
      [[what, 2]],
    );
  });
}

test('what documentation shows in place of a secret is none', () => {
  const texts = [
    'AKIAIOSFODNN7EXAMPLE',
    'https://user:password@example.com/',
    'postgres://user:$PASSWORD@db/x',
    'ghp_short',
    '-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----',
    '_authToken=${NPM_TOKEN}',
  ];
  for (const text of texts) assert.deepEqual(secretValues(text), [], text);
});

test('examples in tests, in documentation and in the sources of libraries are passed over', () => {
  const url = values['a password in a URL']!;
  const inside = (path: string) => secretsOf(path, url).length;
  assert.deepEqual(
    [
      'app/config.yaml',
      'app/main.py',
      'app/url_test.go',
      'usr/share/doc/x/README',
      'app/node_modules/x/index.js',
    ].map(inside),
    [1, 1, 0, 0, 0],
  );
  assert.equal(secretsOf('app/node_modules/x/.npmrc', values['an npm registry password']!).length, 1);
});

test('files are known by their names, some only by what stands in them too', () => {
  const kinds = (path: string, text: string) => secretsOf(path, text).map(({ what }) => what);
  assert.deepEqual(kinds('root/.ssh/id_ed25519', 'x'), ['a private SSH key']);
  assert.deepEqual(kinds('root/.docker/config.json', '{"auths":{"r":{"auth":"dXNlcg=="}}}'), [
    'credentials of a registry',
  ]);
  assert.deepEqual(kinds('root/.docker/config.json', '{"auths":{}}'), []);
  assert.deepEqual(kinds('root/.ssh/id_ed25519.pub', 'ssh-ed25519 AAAA'), []);
  assert.deepEqual(kinds('app/.env.production', 'A=b'), ['a file of environment variables']);
  assert.deepEqual(kinds('app/.envrc', 'A=b'), []);
});

test('a variable is judged by its key only where its value says something', () => {
  assert.equal(secretInVariable('AWS_SECRET_ACCESS_KEY=abc123def'), 'a secret, by its name');
  for (const fine of [
    'TOKEN=',
    'TOKEN_TTL=3600',
    'SECRET_NAME=shop',
    'MONKEY=banana',
    'GITHUB_TOKEN=$TOKEN',
  ]) {
    assert.equal(secretInVariable(fine), undefined, fine);
  }
});

const mega = 1_000_000;
const worst: Readonly<Record<string, string>> = {
  'heads of keys': '-----BEGIN PRIVATE KEY-----\n'.repeat(mega / 28),
  'a head of a key and blanks': `-----BEGIN PRIVATE KEY-----\nAb: ${' '.repeat(mega)}`,
  'a head of a key and its headers': `-----BEGIN PRIVATE KEY-----\n${'Ab: c\n'.repeat(mega / 6)}`,
  'empty lines before a password': `${'\n'.repeat(mega)}_auth`,
  'an address without an end': `http://a:${'b'.repeat(mega)}`,
  'many addresses': 'redis://a:bbbbbb'.repeat(mega / 16),
  'half a Slack token': `xox${'b-1'.repeat(mega / 3)}`,
  'service accounts': '"type":"service_account","private_key":'.repeat(mega / 40),
  'halves of an AWS key': 'AKIA'.repeat(mega / 4),
};

for (const [what, text] of Object.entries(worst)) {
  test(`a text of a megabyte is searched in no time: ${what}`, { timeout: 20_000 }, () => {
    const begin = process.cpuUsage();
    secretsOf('app/config.json', text);
    secretsOf('root/.netrc', text);
    const { user } = process.cpuUsage(begin);
    assert.ok(user < 3_000_000, `${user} µs`);
  });
}
