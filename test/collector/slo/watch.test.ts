import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readObjectives } from '../../../collector/slo/files.ts';
import { watchSlos } from '../../../collector/slo/watch.ts';
import { folderOf } from '../../helpers/collector.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { sampleBatch } from '../../helpers/telemetry.ts';
import { type Request, scraped } from './telemetry.ts';

const start = Date.UTC(2026, 2, 11, 10);
const spec = readFileSync(join(import.meta.dirname, 'testdata/shop.slo.json'), 'utf8');

test('changed files are taken while the collector runs, faulty ones are warned of once and change nothing', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'shop.json');
  writeFileSync(file, spec);
  const requests = Array.from({ length: 600 }, (_, i): Request => {
    return { atMs: start + i * 1_000 + 500, route: '/orders/{id}', failed: i % 10 === 0, slow: false };
  });
  const times = Array.from({ length: 41 }, (_, i) => start + i * 15_000);
  const store = await storeOf(t, [sampleBatch(scraped(requests, times))]);
  const warnings: unknown[] = [];
  const read = (before?: Parameters<typeof readObjectives>[2]) => readObjectives(['*.json'], folder, before);
  const slos = watchSlos(store, await read(), {
    clock: () => BigInt(start + 600_000) * 1_000_000n,
    monotonicMs: () => 0,
    breathe: async () => {},
    readObjectives: read,
    warn: (_message, fields) => warnings.push(fields?.problems),
  });
  const told = async () => {
    await slos.tick();
    const { standings } = await slos.standings();
    return standings.map(({ budget, spent }) => [
      budget.slo.id,
      budget.slo.objective.ratio,
      Math.round(spent.bad),
    ]);
  };
  const first = [
    ['orders-availability', 0.99, 60],
    ['orders-latency', 0.9, 0],
    ['all-availability', 0.95, 60],
  ];
  assert.deepEqual(await told(), first);
  writeFileSync(file, spec.replace('0.99,', '1.5,'));
  assert.deepEqual(await told(), first);
  assert.deepEqual(await told(), first);
  assert.equal(warnings.length, 1);
  assert.match(String(warnings[0]), /shop\.json:\d+: slos\[0\]\.objective: /);
  writeFileSync(file, spec.replace('0.99,', '0.5,'));
  assert.deepEqual(await told(), [['orders-availability', 0.5, 60], ...first.slice(1)]);
  assert.equal(warnings.length, 1);
  assert.equal(await slos.standings(), await slos.standings());
});

test('a store that fails is told, and the answer comes all the same', async (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'shop.json'), spec);
  const store = await storeOf(t, []);
  const failing = { ...store, series: async () => Promise.reject(new Error('the disk is gone')) };
  const read = () => readObjectives(['*.json'], folder);
  const slos = watchSlos({ ...failing, status: () => store.status() } as typeof store, await read(), {
    clock: () => BigInt(start + 45_000) * 1_000_000n,
    ...{ monotonicMs: () => 0, breathe: async () => {}, readObjectives: read, warn: () => {} },
  });
  await slos.refresh(10_000);
  const { standings } = await slos.standings();
  assert.deepEqual([...new Set(standings.map(({ budget }) => budget.problem))], ['the disk is gone']);
  await slos.stop();
});
