import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ALERT_LIMITS, parseAlertmanager } from '../../../collector/api/alertmanager.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';

const source = readFileSync(join(import.meta.dirname, 'testdata/alertmanager-burn.json'), 'utf8');
const message = () => JSON.parse(source) as { version: unknown; alerts: Record<string, unknown>[] };

test('a message of Alertmanager is read: what fires, what is over, and what is about no route', () => {
  const { alerts, truncated } = parseAlertmanager(message());
  assert.equal(truncated, 2);
  assert.deepEqual(alerts, [
    {
      alert: {
        ...{ name: 'SloBurnRate', fingerprint: '1a30ba71cca2921f', service: 'shop', signal: 'latency' },
        ...{ slo: 'verify-latency', route: '/api/v2/verify', method: 'GET' },
        startsUnixNano: 1_790_000_670_512_000_000n,
      },
    },
    {
      alert: {
        ...{ name: 'SloBurnRate', fingerprint: 'c6eadffa33fcdf37', service: 'shop', signal: 'errors' },
        ...{ slo: 'capture-availability', route: '/payment/{id}/capture', method: 'POST' },
        startsUnixNano: 1_789_999_290_512_000_000n,
        resolvedUnixNano: 1_790_000_400_500_000_000n,
      },
    },
    {
      ...{ name: 'ServiceCpu', fingerprint: '00000000000000aa' },
      why: 'it has no label sli (availability, errors or latency) and no label signal (errors or latency)',
    },
  ]);
});

test('an alert of another rule says its signal itself; versions without a fingerprint are told apart by labels', () => {
  const own = { service: 'shop', signal: 'errors', alertname: 'Mine' };
  const of = (labels: object) => {
    const alert = { status: 'firing', labels, startsAt: '2026-09-21T14:24:30Z' };
    const [read] = parseAlertmanager({ version: '4', alerts: [alert] }).alerts;
    assert.ok(read && 'alert' in read);
    return read.alert;
  };
  assert.equal(of(own).signal, 'errors');
  assert.match(of(own).fingerprint, /^[0-9a-f]{16}$/);
  assert.equal(of(own).fingerprint, of({ alertname: 'Mine', signal: 'errors', service: 'shop' }).fingerprint);
  assert.notEqual(of(own).fingerprint, of({ ...own, method: 'GET' }).fingerprint);
});

const faulty: [string, (made: ReturnType<typeof message>) => unknown, RegExp][] = [
  ['a list', () => [], /The body must be a JSON object\./],
  ['nothing', () => undefined, /The body must be a JSON object\./],
  ['another version', (made) => ({ ...made, version: '3' }), /version: must be "4"/],
  ['no alerts', ({ version }) => ({ version }), /alerts is missing\./],
  [
    'a status that is none',
    (m) => one(m, { status: 'open' }),
    /alerts\.0\.status: must be firing or resolved/,
  ],
  [
    'a label that is no text',
    (m) => one(m, { labels: { service: 1 } }),
    /alerts\.0\.labels\.service: must be text/,
  ],
  ['no start', (m) => one(m, { startsAt: undefined }), /alerts\.0\.startsAt is missing/],
  [
    'a start that is no time',
    (m) => one(m, { startsAt: 'soon' }),
    /alerts\.0\.startsAt: must be a time like/,
  ],
  [
    'more labels than an alert has',
    (m) => one(m, { labels: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`l${i}`, ''])) }),
    /labels: must have at most 100 labels/,
  ],
  [
    'more alerts than a message may have',
    (m) => ({ ...m, alerts: Array.from({ length: ALERT_LIMITS.alerts + 1 }, () => m.alerts[0]) }),
    /alerts: must have at most 500 entries; set max_alerts/,
  ],
];

function one(made: ReturnType<typeof message>, over: object): unknown {
  return { ...made, alerts: [{ ...made.alerts[0], ...over }] };
}

for (const [name, make, says] of faulty) {
  test(`refused with its path: ${name}`, () => {
    assert.throws(
      () => parseAlertmanager(make(message())),
      (error) => error instanceof CollectorError && error.code === 'bad-request' && says.test(error.message),
    );
  });
}

test('whatever JSON comes is read or refused, never anything else', () => {
  const tampered = fc
    .tuple(fc.nat(source.length), fc.nat(6), fc.string({ maxLength: 4 }))
    .map(([at, cut, put]) => source.slice(0, at) + put + source.slice(at + cut));
  const value = fc.oneof(
    fc.jsonValue(),
    tampered.map((text) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return undefined;
      }
    }),
  );
  fc.assert(
    fc.property(value, (body) => {
      try {
        for (const read of parseAlertmanager(body).alerts)
          assert.ok('why' in read ? read.why : read.alert.service !== '');
      } catch (error) {
        assert.ok(error instanceof CollectorError && error.code === 'bad-request', String(error));
      }
    }),
    { numRuns: 200 },
  );
});
