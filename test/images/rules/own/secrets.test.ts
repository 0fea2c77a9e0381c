import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecretFile } from '../../../../images/rules/own/facts/secret-files.ts';
import { isPlaceholder, isSecretName } from '../../../../images/rules/own/facts/secret-keys.ts';
import { looksRandom, secretValues } from '../../../../images/rules/own/facts/secret-values.ts';
import { contextOf, places } from './judge.ts';

/** Put together here, so that no scanner of repositories takes them for real. */
const body = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5';
const tokens = {
  'a GitHub token': `ghp${'_'}${body}`,
  'a GitLab token': `glpat${'-'}${body.slice(0, 20)}`,
  'a Slack token': `xoxb${'-'}123456789012-123456789012-${body.slice(0, 24)}`,
  'a Stripe key': `sk${'_'}live_${body.slice(0, 24)}`,
  'a Google API key': `AI${'za'}${body.slice(0, 35)}`,
  'an npm token': `npm${'_'}${body}`,
  'a PyPI token': `pypi${'-'}${body}${body}`,
  'an AWS access key': `AK${'IA'}IOSFODNN7EXAMPLE`,
  'a private key': `-----BEGIN RSA ${'PRIVATE'} KEY-----`,
  'an address with a password': 'amqp://shop:hunter2@queue:5672/',
};

test('tokens are known by their form, wherever they stand', () => {
  for (const [what, token] of Object.entries(tokens)) {
    assert.deepEqual(
      secretValues(`--flag "${token}" x`).map((found) => found.what),
      [what],
    );
    assert.deepEqual(places('secret-value', `FROM a\nRUN x\nRUN echo ${token} > y\n`), ['3'], what);
  }
});

test('what stands in the place of a secret is none', () => {
  for (const text of [
    ...[
      'changeme',
      'change-me',
      'xxxxxxxx',
      '<token>',
      '${TOKEN}',
      '$TOKEN',
      'your-key-here',
      '****',
      'REDACTED',
    ],
    `ghp${'_'}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`,
  ])
    assert.ok(isPlaceholder(text), text);
  for (const text of ['hunter2', 'AKIAIOSFODNN7EXAMPLE', 's3cr3t']) assert.ok(!isPlaceholder(text), text);
  assert.deepEqual(secretValues('https://user:${PASSWORD}@example.com ssh://git@example.com:22/x'), []);
});

test('a name means a secret by its words, not by letters in them', () => {
  for (const name of [
    ...[
      'DB_PASSWORD',
      'db_password',
      'dbPassword',
      'apiKey',
      'API_KEY',
      'GITHUB_TOKEN',
      'com.example.api-token',
    ],
    ...[
      'AWS_SECRET_ACCESS_KEY',
      'AWS_ACCESS_KEY_ID',
      'MYSQL_PWD',
      'DOCKER_AUTH_CONFIG',
      'NPM_AUTH',
      'DB_PASS',
      'GH_PAT',
      'PGPASSWORD',
      'SECRET_KEY_BASE',
    ],
  ])
    assert.ok(isSecretName(name), name);
  for (const name of [
    ...[
      'DB_PASSWORD_FILE',
      'TOKEN_TTL',
      'TOKENIZERS_PARALLELISM',
      'MONKEY',
      'KEYBOARD',
      'PWD',
      'OLDPWD',
      'GPG_KEY',
    ],
    ...[
      'PUBLIC_KEY',
      'CACHE_KEY',
      'SSH_KEY_PATH',
      'COMPASS',
      'AUTHOR',
      'MAX_TOKENS',
      'GRPC_AUTH',
      'FILE_PAT',
      'SECRET_NAME',
      'PASSWORDLESS',
    ],
  ])
    assert.ok(!isSecretName(name), name);
});

test('random texts are told from words and numbers', () => {
  assert.ok(looksRandom('9f86d081884c7d659a2feaa0c55ad015'));
  for (const text of ['correct-horse-battery', '1234567890123456', 'short1', 'aaaaaaaaaaaaaaaa1'])
    assert.ok(!looksRandom(text), text);
});

test('files of secrets are known by name; samples, public keys and certificates are none', () => {
  for (const path of [
    ...[
      '.env',
      'config/.env.production',
      'id_rsa',
      '.ssh/id_ed25519',
      '.npmrc',
      '.netrc',
      'tls/server.key',
      'privkey.pem',
    ],
    ...[
      '.aws/credentials',
      '.docker/config.json',
      'service-account.json',
      'prod.env',
      'keystore.jks',
      'kubeconfig',
    ],
  ])
    assert.ok(isSecretFile(path), path);
  for (const path of [
    ...[
      '.env.example',
      'id_rsa.pub',
      'ca.pem',
      'certs/fullchain.pem',
      'cert.pem',
      'internal/credentials',
      'env.go',
    ],
    ...['public.key', 'config.json', '.dockerignore', 'package.json', 'environment.yml', 'known_hosts'],
  ])
    assert.ok(!isSecretFile(path), path);
});

test('a RUN may read a secret from a mount, and may not spell it', () => {
  const run = (command: string) => places('secret-name', `FROM a\nRUN ${command}\n`).length;
  for (const command of [
    ...[
      'export TOKEN=abc',
      'TOKEN=abc go mod download',
      'tool --password abc',
      'tool --api-key=abc',
      'curl -u me:abc x',
    ],
    ...['docker login -p abc', 'sshpass -p abc ssh x', 'npm config set //r.example.com/:_authToken abc'],
    ...[
      'curl -H "Authorization: Bearer abc" x',
      'echo "machine x login y password z" > ~/.netrc',
      'echo root:abc | chpasswd',
    ],
  ])
    assert.equal(run(command), 1, command);
  for (const command of [
    ...[
      'export TOKEN="$(cat /run/secrets/t)"',
      'TOKEN=$T go mod download',
      'tool --password "$P"',
      'curl -u "me:$P" x',
    ],
    ...[
      'docker login --password-stdin',
      'tool --password-file /run/x',
      'tool --token-ttl 5',
      'curl -H "Accept: x" y',
    ],
  ])
    assert.equal(run(command), 0, command);
});

test('a secret in a copied file is told with its line there', () => {
  const context = contextOf({
    'app.yaml': 'listen: 8080\ndb:\n  password: hunter2\n',
    'a.env.example': 'TOKEN=abc\n',
  });
  const text = 'FROM a\nCOPY app.yaml a.env.example /etc/\n';
  assert.deepEqual(places('secret-name', text, context), ['app.yaml:3']);
});
