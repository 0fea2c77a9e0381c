import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { errorBudget, formatProblems, nearest, parseSpec, specSchema } from '../../slo/index.ts';

const testdata = join(import.meta.dirname, 'testdata');
const good = () => JSON.parse(readFileSync(join(testdata, 'shop.json'), 'utf8'));

test('a spec is read into services, routes, SLIs and objectives', () => {
  const result = parseSpec(readFileSync(join(testdata, 'shop.json'), 'utf8'));
  assert.ok(result.ok);
  const { slos, ...service } = result.service;
  assert.deepEqual(service, {
    name: 'shop',
    owner: 'team-shop',
    runbook: 'https://example.com/runbooks/shop',
  });
  assert.deepEqual(slos[0], {
    id: 'service-availability',
    routes: [],
    by: [],
    sli: { kind: 'availability' },
    objective: { ratio: 0.999, window: { kind: 'rolling', days: 30 } },
    alerts: 'page',
  });
  assert.deepEqual(slos[2], {
    id: 'get-orders-latency',
    routes: [{ method: 'GET', path: '/orders/{id}' }],
    by: [],
    sli: { kind: 'latency', thresholdSeconds: 0.3, histogram: 'classic' },
    objective: { ratio: 0.99, window: { kind: 'rolling', days: 30 } },
    alerts: 'page',
  });
});

test('a parsed value is read like its text', () => {
  assert.deepEqual(parseSpec(good()), parseSpec(JSON.stringify(good())));
});

test('a service without objectives is a service', () => {
  assert.ok(parseSpec({ ...good(), slos: [] }).ok);
});

function withGauge(gauge: string) {
  const slo = { ...{ id: 'queue', kind: 'saturation', gauge, limit: 9 }, objective: 0.99, window: '30d' };
  return parseSpec({ ...good(), slos: [slo] });
}

test('a comment is no part of an expression: it would end the line of the rule it stands in', () => {
  const result = withGauge('# of all\nqueue_length{q="#a"} # the work that waits');
  assert.ok(result.ok);
  assert.deepEqual(result.service.slos[0]!.sli, {
    ...{ kind: 'saturation', gauge: 'queue_length{q="#a"}', limit: 9, missing: 'unknown' },
  });
});

test('what is calculated of numbers alone is no series, and Prometheus takes no maximum of it', () => {
  for (const gauge of ['-5', '1 + 1', 'scalar(queue_length) / 2', '-(time() - 60)']) {
    const result = withGauge(gauge);
    assert.ok(!result.ok, gauge);
    assert.match(result.problems[0]!.message, /is a number, not series/);
  }
  assert.ok(withGauge('time() - queue_oldest_seconds').ok);
});

test('text that is not JSON is one problem of the whole text', () => {
  const result = parseSpec('{"schema": ');
  assert.ok(!result.ok);
  assert.match(formatProblems('slo.json', result.problems), /^slo\.json: not JSON: /);
});

// Refreshed by: node --test --test-update-snapshots test/slo/slo.test.ts
for (const file of globSync('*.bad.json', { cwd: testdata }).sort()) {
  const name = basename(file, '.bad.json');
  test(`refused with every problem, its path and what to do: ${name.replaceAll('-', ' ')}`, (t) => {
    const result = parseSpec(readFileSync(join(testdata, file), 'utf8'));
    assert.ok(!result.ok, 'it was accepted');
    const text = `${formatProblems('slo.json', result.problems)}\n`;
    t.assert.fileSnapshot(text, join(testdata, `${name}.bad.txt`), { serializers: [String] });
  });
}

test('the id of a long route is an id up to 200 characters, and a longer one is refused by its length', () => {
  const withId = (length: number) =>
    parseSpec({ ...good(), slos: [{ ...good().slos[0], id: 'a'.repeat(length) }] });
  assert.ok(withId(200).ok);
  const result = withId(201);
  assert.ok(!result.ok);
  assert.match(
    formatProblems('slo.json', result.problems),
    /^slo\.json: slos\[0\]\.id: .*201 .*at most 200$/,
  );
});

test('a spec of too many objectives is refused as one problem', () => {
  const slos = Array.from({ length: 5_001 }, (_, i) => ({ ...good().slos[0], id: `slo-${i}` }));
  const result = parseSpec({ ...good(), slos });
  assert.ok(!result.ok);
  assert.equal(result.problems.length, 1);
});

test('any value at all is answered, never thrown at', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const result = parseSpec(value);
      assert.ok(result.ok || result.problems.length > 0);
    }),
  );
});

test('a spec damaged in any one place is refused, and the first path names the place', () => {
  const places = ['id', 'kind', 'objective', 'window', 'route', 'method'] as const;
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.constantFrom(null, 7, '', {}, []), (key, value) => {
      const spec = good();
      spec.slos[1][key] = value;
      const result = parseSpec(spec);
      assert.ok(!result.ok);
      assert.equal(result.problems[0]?.path, `slos[1].${key}`);
    }),
  );
});

test('the error budget has no binary noise', () => {
  for (const [ratio, budget] of [
    [0.999, 0.001],
    [0.9995, 0.0005],
    [0.95, 0.05],
    [0.9, 0.1],
    [0.99999, 0.00001],
  ] as const) {
    assert.equal(errorBudget({ ratio }), budget);
  }
});

test('a near word is offered, a far one is not', () => {
  assert.equal(nearest('threshold_seconds', ['objective', 'thresholdSeconds']), 'thresholdSeconds');
  assert.equal(nearest('objectve', ['objective', 'window']), 'objective');
  assert.equal(nearest('target', ['objective', 'window']), undefined);
  assert.equal(nearest('x', ['id']), undefined);
  assert.equal(nearest('availabilityOver4w', ['availability']), undefined);
  assert.equal(nearest('a'.repeat(100_000), ['id']), undefined);
});

test('the schema is the one of the contract', () => {
  assert.equal(specSchema, 'go-sre.slo/v1');
});
