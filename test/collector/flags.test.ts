import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeValues, parseFlags } from '../../collector/commands/flags.ts';
import { validateConfig } from '../../collector/config.ts';

test('flags become the same value that a file would give', () => {
  const flags = parseFlags([
    '--api-port',
    '0',
    '--scrape',
    'shop=localhost:8081',
    '--scrape-interval',
    '5s',
    '--log-file',
    'shop=/var/log/*.log',
    '--slo',
    'shop/slo.json',
  ]);
  assert.equal(flags.do, 'serve');
  const { config, problems } = validateConfig('value' in flags ? flags.value : {});
  assert.equal(problems, undefined);
  assert.equal(config?.listen.apiPort, 0);
  assert.deepEqual(config?.receivers.scrape[0]?.targets, ['localhost:8081']);
  assert.equal(config?.receivers.scrape[0]?.interval, 5);
  assert.deepEqual(config?.slo.files, ['shop/slo.json']);
  assert.deepEqual(config?.receivers.logFiles[0], {
    include: ['/var/log/*.log'],
    resource: { 'service.name': 'shop' },
    format: 'auto',
  });
});

test('a flag wins over the file, and targets are added to its targets', () => {
  const file = { listen: { apiPort: 1, host: 'h' }, receivers: { scrape: [{ job: 'a', targets: ['a:1'] }] } };
  const merged = mergeValues(file, {
    listen: { apiPort: 2 },
    receivers: { scrape: [{ job: 'b', targets: ['b:1'] }] },
  });
  assert.deepEqual(merged, {
    listen: { apiPort: 2, host: 'h' },
    receivers: {
      scrape: [
        { job: 'a', targets: ['a:1'] },
        { job: 'b', targets: ['b:1'] },
      ],
    },
  });
});

test('--check-config checks and starts nothing', () => {
  assert.equal(parseFlags(['--check-config']).do, 'check');
});

for (const [what, argv, says] of [
  ['an unknown flag', ['--prot', '1'], /--prot/],
  ['a word that belongs to no flag', ['serve'], /serve/],
  ['a scrape without a job', ['--scrape', 'localhost:8081'], /must be NAME=VALUE/],
  ['a flag without its value', ['--config'], /--config/],
] as const) {
  test(`refused with what is wrong: ${what}`, () => {
    const flags = parseFlags(argv);
    assert.equal(flags.do, 'refuse');
    assert.match('problem' in flags ? flags.problem : '', says);
  });
}

test('a port that is no number is refused by the configuration, under its own path', () => {
  const flags = parseFlags(['--api-port', 'http']);
  const { problems } = validateConfig('value' in flags ? flags.value : {});
  assert.deepEqual(problems, [{ path: 'listen.apiPort', message: 'must be a port number' }]);
});
