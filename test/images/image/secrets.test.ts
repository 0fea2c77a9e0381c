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

test('a text of a megabyte is searched in no time, however it is written', () => {
  const worst = [
    '-----BEGIN PRIVATE KEY-----\n'.repeat(40_000),
    'a:'.repeat(500_000),
    `http://${'a'.repeat(1_000_000)}`,
    `xox${'b-1'.repeat(300_000)}`,
  ];
  for (const text of worst) {
    const begin = process.cpuUsage();
    secretValues(text);
    const { user } = process.cpuUsage(begin);
    assert.ok(user < 5_000_000, `${text.slice(0, 20)}: ${user} µs`);
  }
});
