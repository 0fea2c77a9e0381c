import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import type { ErrorBody, SloBody, SlosBody } from '../../../collector/api/types.ts';
import { validateConfig } from '../../../collector/config.ts';
import { run } from '../../../collector/main.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import { folderOf } from '../../helpers/collector.ts';
import { sampleBatch } from '../../helpers/telemetry.ts';
import { type Request, scraped } from '../slo/telemetry.ts';

const spec = join(import.meta.dirname, '../slo/testdata/shop.slo.json');
const now = Date.UTC(2026, 2, 11, 12, 0);
const clock = () => BigInt(now) * 1_000_000n;

/** A request each second over an hour; from twenty minutes before the end every fifth fails. */
const requests = Array.from({ length: 3_600 }, (_, i): Request => {
  const failed = i >= 2_400 && i % 5 === 0;
  return { atMs: now - 3_600_000 + i * 1_000 + 500, route: '/orders/{id}', failed, slow: i % 100 === 0 };
});

/** A collector that stands still at `now`, with an hour of scraped requests. */
async function started(t: TestContext) {
  const folder = folderOf(t);
  const path = join(folder, 't.sqlite');
  const store = await openEmbeddedStore({ path, retentionMs: 86_400_000, maxBytes: 1e9 }, { clock });
  const times = Array.from({ length: 241 }, (_, i) => now - 3_600_000 + i * 15_000);
  await store.append([sampleBatch(scraped(requests, times))]);
  await store.close();
  const file = join(folder, 'shop.slo.json');
  writeFileSync(file, readFileSync(spec));
  const { config } = validateConfig({
    listen: { otlpHttpPort: 0, otlpGrpcPort: 0, apiPort: 0 },
    ...{ store: { path }, slo: { files: [file] }, incidents: { enabled: false } },
  });
  const log = pino({ level: 'silent' });
  const collector = await run(config!, { clock, log, version: 'test', consoleDir: folder, baseDir: folder });
  t.after(collector.stop);
  const base = `http://127.0.0.1:${collector.apiPort}/api/v1`;
  return { base, ask: async <T>(path: string) => (await (await fetch(`${base}${path}`)).json()) as T };
}

test('the API tells how objectives stand and what is missing, and refuses what is not configured or not known', async (t) => {
  const { ask, base } = await started(t);
  const list = await ask<SlosBody>('/slos');
  assert.equal(list.matched, 3);
  assert.deepEqual(
    list.slos.map(({ id, state, source }) => [id, state, source]),
    [
      ['orders-availability', 'paging', 'metrics'],
      ['all-availability', 'ok', 'metrics'],
      ['orders-latency', 'ok', 'metrics'],
    ],
  );
  const [head] = list.slos;
  assert.deepEqual(
    { ...head!.call, sinceUnixNano: undefined },
    {
      severity: 'page',
      tier: 'page-6h',
      owner: 'team-shop',
      receiver: 'shop-on-call',
      sinceUnixNano: undefined,
    },
  );
  // 240 of 3,600 failed, where 1 % may.
  assert.deepEqual([head!.budget.badEvents, head!.budget.totalEvents], [240, 3_600]);
  assert.equal(Math.round(head!.budget.left! * 1_000), Math.round((1 - 240 / 36) * 1_000));
  assert.match(head!.caveats.join(' '), /^1h are measured of 7d; the store keeps 1d, less than the window: /);

  await fetch(`${base}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'deploy', service: 'shop', version: '2.0', time: '2026-03-11T11:30:00Z' }),
  });
  const slo = await ask<SloBody>(
    '/slos/shop/orders-availability?from=2026-03-11T11:00:00Z&to=2026-03-11T12:00:00Z',
  );
  assert.deepEqual(
    slo.tiers.map(({ id, verdict }) => `${id} ${verdict}`),
    [
      'page-1h below threshold',
      'page-6h firing',
      'ticket-1d not observed',
      'ticket-3d not observed',
      'ticket-count not observed',
    ],
  );
  assert.ok(slo.burndown.at.length <= 300 && slo.burndown.at.length === slo.burndown.ideal.length);
  assert.ok(Math.abs(slo.burndown.left.at(-1)! - slo.budget.left!) < 1e-9);
  assert.deepEqual([slo.burndown.ideal[0], slo.burndown.ideal.at(-1)], [1, 0]);
  assert.equal(slo.lines.at.length, 120);
  assert.equal(
    slo.lines.bad.reduce<number>((sum, bad) => sum + (bad ?? 0), 0),
    240,
  );
  assert.deepEqual(
    slo.events.map(({ version }) => version),
    ['2.0'],
  );

  const none = await ask<ErrorBody>('/slos/shop/none');
  assert.equal(none.error.code, 'not-found');
  assert.match(none.error.message, /No objective none of service shop is configured/);
  const group = await ask<ErrorBody>('/slos/shop/orders-latency?group=tenant%3Da');
  assert.match(group.error.message, /group tenant=a/);
  assert.match((await ask<ErrorBody>('/slos?service=shop')).error.message, /this path takes none/);
});
