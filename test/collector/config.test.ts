import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { parseConfigText, validateConfig } from '../../collector/config.ts';

const testdata = join(import.meta.dirname, 'testdata');

function problemsOf(source: string): string[] {
  const parsed = parseConfigText(source);
  const found = 'problems' in parsed ? parsed.problems : (validateConfig(parsed.value).problems ?? []);
  return found.map(({ path, message }) => `${path}: ${message}`);
}

test('an empty configuration is the defaults', () => {
  const { config } = validateConfig({});
  assert.equal(config?.listen.host, '127.0.0.1');
  assert.equal(config?.listen.otlpHttpPort, 4318);
  assert.equal(config?.listen.otlpGrpcPort, 4317);
  assert.equal(config?.listen.apiPort, 4319);
  assert.equal(config?.store.retention, 86_400);
  assert.equal(config?.telemetry.traces, false);
});

test('durations are read into seconds and sizes into bytes', () => {
  const { config } = validateConfig({ store: { retention: '90m', maxSize: '1.5GiB' } });
  assert.equal(config?.store.retention, 5400);
  assert.equal(config?.store.maxSize, 1.5 * 1024 ** 3);
});

test('the configuration cannot be changed after it was read', () => {
  const { config } = validateConfig({});
  assert.throws(() => Object.assign(config?.listen ?? {}, { apiPort: 1 }), TypeError);
});

test('one configuration with many faults has all of them listed', () => {
  const found = problemsOf('{lisen: {}, store: {retention: 5, maxSize: "3 bananas"}, incidents: 3}');
  assert.deepEqual(found.map((line) => line.split(':')[0]).sort(), [
    'incidents',
    'lisen',
    'store.maxSize',
    'store.retention',
  ]);
});

for (const file of globSync('*.bad.yaml', { cwd: testdata }).sort()) {
  test(`refused, with its path: ${basename(file, '.bad.yaml').replaceAll('-', ' ')}`, () => {
    const source = readFileSync(join(testdata, file), 'utf8');
    const expected = source.match(/^# expect: (.*)$/m)?.[1];
    assert.ok(expected, `${file} says what is expected in a line "# expect: …"`);
    assert.deepEqual(problemsOf(source), [expected]);
  });
}

/** Dotted paths of all keys in a value; lists count as their first entry. */
function keyPaths(value: unknown, prefix = ''): string[] {
  if (Array.isArray(value)) return keyPaths(value[0], prefix);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    `${prefix}${key}`,
    ...keyPaths(inner, `${prefix}${key}.`),
  ]);
}

test('docs/configuration.md names every key, and what it shows is valid and the default', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
  const parsed = parseConfigText(/```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  assert.ok('value' in parsed);
  const shown = validateConfig(parsed.value);
  assert.deepEqual(shown.problems, undefined);
  const defaults = validateConfig({}).config;
  assert.deepEqual({ ...shown.config, receivers: undefined }, { ...defaults, receivers: undefined });
  assert.deepEqual(shown.config?.receivers.otlpHttp, defaults?.receivers.otlpHttp);
  const documented = keyPaths(parsed.value);
  for (const path of keyPaths(shown.config)) assert.ok(documented.includes(path), `${path} is documented`);
});
