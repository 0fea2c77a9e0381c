import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { targetsOf } from '../../../collector/receivers/prometheus-scrape/discover-files.ts';
import { isPod, targetsOfPod } from '../../../collector/receivers/prometheus-scrape/pod-targets.ts';
import {
  type FoundLabels,
  identityOf,
  labelsOfAddress,
  targetOf,
} from '../../../collector/receivers/prometheus-scrape/target-of.ts';

const DEFAULTS = {
  ...{ job: 'shop', scheme: 'http', path: '/metrics', interval: 15, timeout: 5 },
  labels: { env: 'demo' },
  settings: { maxBodyBytes: 1000 },
};

function of(found: FoundLabels) {
  const { settings, ...target } = targetOf(found, DEFAULTS);
  assert.equal(settings, DEFAULTS.settings);
  return target;
}

test('what a target does not say is as the job has it', () => {
  assert.deepEqual(of({ __address__: 'a:8081' }), {
    ...{ job: 'shop', instance: 'a:8081', url: 'http://a:8081/metrics', intervalMs: 15_000, timeoutMs: 5000 },
    labels: { env: 'demo' },
  });
});

test('labels with two underscores say where, how and how often; none of them is kept', () => {
  const found = {
    __address__: 'a',
    __scheme__: 'https',
    __metrics_path__: '/probe?module=x',
    __param_target: 'b c',
    __scrape_interval__: '1m30s',
    __scrape_timeout__: '2m',
    __meta_filepath: '/x',
    job: 'orders',
    instance: 'first',
    env: '',
  };
  assert.deepEqual(of(found), {
    ...{ job: 'orders', instance: 'first', intervalMs: 90_000, timeoutMs: 90_000 },
    url: 'https://a/probe?module=x&target=b+c',
    labels: { job: 'orders', instance: 'first' },
  });
});

test('an address may be a whole URL', () => {
  const target = of(labelsOfAddress('https://[::1]/other?x=1'));
  assert.deepEqual([target.url, target.instance], ['https://[::1]/other?x=1', '[::1]:443']);
});

test('durations are read as Prometheus writes them', () => {
  const ms = (text: string) => of({ __address__: 'a', __scrape_interval__: text }).intervalMs;
  assert.deepEqual(['100ms', '1h', '1d2h', '2m5s'].map(ms), [100, 3_600_000, 93_600_000, 125_000]);
  for (const wrong of ['0s', '15', '1s1m', '-1s', ' 1s']) assert.throws(() => ms(wrong), /no duration/);
});

test('an address cannot lead elsewhere', () => {
  for (const wrong of ['', 'a/b', 'a@b', 'a?b', 'a#b', 'a:b', 'a\nb', 'a:99999'])
    assert.throws(() => of({ __address__: wrong }), /is no host:port/, wrong);
});

test('the same place under other labels is another target', () => {
  const identity = (labels: FoundLabels) => identityOf(targetOf({ __address__: 'a:1', ...labels }, DEFAULTS));
  assert.equal(identity({ x: '1', y: '2' }), identity({ y: '2', x: '1' }));
  assert.notEqual(identity({ x: '1' }), identity({ x: '2' }));
  assert.notEqual(identity({ __metrics_path__: '/other' }), identity({}));
});

const badFiles: [text: string, problem: RegExp][] = [
  ['{"targets": []}', /must hold a list/],
  ['["a:1"]', /^\[0\] must be a mapping/],
  ['[{"targets": "a:1"}]', /^\[0\]\.targets must be a list/],
  ['[{"targets": [1]}]', /^\[0\]\.targets\[0\] must be text/],
  ['[{"labels": {"a-b": "1"}}]', /^\[0\]\.labels\.a-b is no label name/],
  ['[{"labels": {"a": 1}}]', /^\[0\]\.labels\.a must be text/],
  ['[{"labels": []}]', /^\[0\]\.labels must be a mapping/],
  ['[', /JSON/],
];
for (const [text, problem] of badFiles) {
  test(`a file of targets is refused with the place: ${text}`, () => {
    const message = (error: unknown) => error instanceof Error && problem.test(error.message);
    assert.throws(() => targetsOf(text, 'x.json'), message);
  });
}

test('any JSON is a pod or none, and any labels make a target or say what is wrong', () => {
  const labels = fc.dictionary(
    fc.constantFrom('__address__', '__scheme__', '__metrics_path__', '__scrape_interval__', '__param_x', 'x'),
    fc.oneof(fc.string(), fc.constantFrom('a:1', 'https', '1s', '[::1]:2')),
  );
  fc.assert(
    fc.property(labels, (found) => {
      try {
        const target = targetOf(found, DEFAULTS);
        assert.ok(URL.canParse(target.url) && target.timeoutMs <= target.intervalMs);
        assert.ok(Object.keys(target.labels).every((name) => !name.startsWith('__')));
      } catch (error) {
        assert.ok(
          error instanceof Error && /is no host:port|no duration|neither http nor https/.test(error.message),
          String(error),
        );
      }
    }),
  );
  fc.assert(fc.property(fc.jsonValue(), (value) => void (isPod(value) && targetsOfPod(value))));
});
