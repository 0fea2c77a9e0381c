import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeploys } from '../../../collector/processors/deploys.ts';
import type { ServiceEvent } from '../../../collector/telemetry/event.ts';
import { lineBatch, logBatch, sampleBatch, spanBatch } from '../../helpers/telemetry.ts';

function made(keep: (event: ServiceEvent) => Promise<void> = async () => {}) {
  const kept: ServiceEvent[] = [];
  const warnings: string[] = [];
  let now = 0n;
  const observe = createDeploys({
    clock: () => now,
    keep: async (event) => {
      await keep(event);
      kept.push(event);
    },
    warn: (message) => warnings.push(message),
  });
  const pass = (minutes: bigint) => {
    now += minutes * 60_000_000_000n;
  };
  /** What was kept so far, once all that is under way has ended. */
  const seen = async () => {
    for (let i = 0; i < 2000; i++) await undefined;
    return kept.map(({ service, version, instance }) => [service, version, instance].join(' '));
  };
  return { observe, seen, kept, warnings, pass };
}

const spans = (version: string, instance: string, more: Record<string, string> = {}) =>
  spanBatch([
    {
      ...{
        traceId: 'ab'.repeat(16),
        spanId: 'cd'.repeat(8),
        name: 'x',
        service: 'shop',
        start: 1n,
        duration: 1n,
      },
      resource: { 'service.version': version, 'service.instance.id': instance, ...more },
    },
  ]);

test('a version is noted when it is first seen on an instance, and not again', async () => {
  const { observe, seen, kept } = made();
  observe(spans('1.0', 'a'));
  observe(spans('1.0', 'a'));
  observe(spans('1.0', 'a', { 'process.pid': '7' }));
  observe(spans('1.0', 'b'));
  observe(spans('1.1', 'a', { 'deployment.environment.name': 'prod' }));
  assert.deepEqual(await seen(), ['shop 1.0 a', 'shop 1.0 b', 'shop 1.1 a']);
  assert.deepEqual(
    [kept[2]?.kind, kept[2]?.environment, kept[2]?.title, kept[2]?.source],
    ['deploy', 'prod', 'shop 1.1 on a', 'telemetry'],
  );
});

test('the id of a deploy is the same wherever and whenever it is seen', async () => {
  const [one, other] = [made(), made()];
  other.pass(5n);
  one.observe(spans('1.0', 'a'));
  other.observe(spans('1.0', 'a', { 'host.arch': 'amd64' }));
  await Promise.all([one.seen(), other.seen()]);
  assert.equal(one.kept[0]?.id, other.kept[0]?.id);
});

test('it is noted from log lines of a file, from target_info and from the build info of a scrape', async () => {
  const { observe, seen } = made();
  const lines = lineBatch([{ time: 1n, severityNumber: 9, service: 'pay', body: 'x' }], 'pay');
  observe({ ...lines, resource: { 'service.name': 'pay', 'service.version': '2' } });
  const sample = (name: string, labels: Record<string, string>) => ({
    series: {
      name,
      labels: { job: 'ns/shop', instance: 'shop:8081', ...labels },
      kind: 'gauge' as const,
      temporality: 'none' as const,
    },
    ...{ time: 1n, value: 1 },
  });
  const scrape = sampleBatch([
    sample('up', {}),
    sample('target_info', { service_version: '3' }),
    sample('service_build_info', { version: '4' }),
  ]);
  observe(scrape);
  observe(scrape);
  assert.deepEqual(await seen(), ['pay 2 ', 'shop 3 shop:8081', 'shop 4 shop:8081']);
});

test('without a version nothing is noted', async () => {
  const { observe, seen } = made();
  observe(spans('', 'a'));
  observe(logBatch([{ time: 1n, severityNumber: 9, service: 'shop', body: 'x' }]));
  assert.deepEqual(await seen(), []);
});

test('a deploy that could not be kept is told, and noted when it is seen again', async () => {
  let full = true;
  const { observe, seen, warnings } = made(async () => {
    if (full) throw new Error('no room');
  });
  observe(spans('1.0', 'a'));
  assert.deepEqual(await seen(), []);
  assert.equal(warnings.length, 1);
  full = false;
  observe(spans('1.0', 'a', { 'process.pid': '8' }));
  assert.deepEqual(await seen(), ['shop 1.0 a']);
});

test('a sender that makes up versions gets so many a minute, and one warning', async () => {
  const { observe, seen, warnings, pass } = made();
  for (let i = 0; i < 500; i++) observe(spans(`1.${i}`, 'a'));
  assert.equal((await seen()).length, 120);
  assert.equal(warnings.length, 1);
  pass(1n);
  observe(spans('1.499', 'a', { 'process.pid': '9' }));
  assert.equal((await seen()).length, 121);
});
