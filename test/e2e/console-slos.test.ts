import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { chromium } from 'playwright-core';
import { validateConfig } from '../../collector/config.ts';
import { run } from '../../collector/main.ts';
import { openEmbeddedStore } from '../../collector/storage/embedded/store.ts';
import { systemClock } from '../../collector/telemetry/clock.ts';
import { buildConsole } from '../../collector/ui/build.ts';
import { type Request, scraped } from '../collector/slo/telemetry.ts';
import { folderOf } from '../helpers/collector.ts';
import { sampleBatch } from '../helpers/telemetry.ts';
import { tool } from '../helpers/tools.ts';

const spec = join(import.meta.dirname, '../collector/slo/testdata/shop.slo.json');

/** A store with an hour up to now, of which half of the requests of the last twenty minutes failed. */
async function stored(path: string, now: number): Promise<void> {
  const requests = Array.from({ length: 3_600 }, (_, i): Request => {
    const failed = i > 2_400 && i % 2 === 0;
    return { atMs: now - 3_600_000 + i * 1_000, route: '/orders/{id}', failed, slow: false };
  });
  const times = Array.from({ length: 121 }, (_, i) => now - 3_600_000 + i * 30_000);
  const store = await openEmbeddedStore(
    { path, retentionMs: 86_400_000, maxBytes: 1e9 },
    { clock: systemClock },
  );
  await store.append([sampleBatch(scraped(requests, times))]);
  await store.close();
}

test('the console lists objectives worst first, and shows one with its budget, tiers, and no complaint at any width', async (t) => {
  const executablePath = tool(t, 'chromium');
  if (executablePath === undefined) return;
  const folder = folderOf(t);
  const consoleDir = join(folder, 'console');
  await buildConsole(consoleDir);
  const path = join(folder, 't.sqlite');
  await stored(path, Date.now());
  const { config } = validateConfig({
    listen: { otlpHttpPort: 0, otlpGrpcPort: 0, apiPort: 0 },
    ...{ store: { path }, slo: { files: [spec] }, incidents: { enabled: false } },
  });
  const log = pino({ level: 'silent' });
  const deps = { clock: systemClock, log, version: 'test', consoleDir, baseDir: folder };
  const collector = await run(config!, deps);
  t.after(collector.stop);

  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'];
  const browser = await chromium.launch({ executablePath, args });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`http://127.0.0.1:${collector.apiPort}/`);
  await page.locator('body').press('g');
  await page.locator('body').press('o');
  await page.getByText('paging since').locator('visible=true').first().waitFor();
  await page.locator('body').press('j');
  await page.locator(':focus').press('Enter');
  await page.getByRole('heading', { name: 'GET /orders/{id}, availability 99 % over 7 days' }).waitFor();
  assert.match(page.url(), /\/slos\/shop\/orders-availability/);
  await page.getByText('shop-on-call').first().waitFor();
  await page.getByText(/are measured of 7d/).waitFor();
  await page.locator('body').press('t');
  await page.getByRole('columnheader', { name: 'even spending' }).waitFor();
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 844 });
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
  }
  assert.deepEqual(complaints, []);
});
