import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { buildConsole } from '../../collector/ui/build.ts';
import { CLIENT, folderOf, sendSpans, spansJson, startCollector, TRACE } from '../helpers/collector.ts';
import { tool } from '../helpers/tools.ts';

test('the console of a running collector finds a trace by a plain search and shows its spans and its log line', async (t) => {
  const executablePath = tool(t, 'chromium');
  if (executablePath === undefined) return;
  const folder = folderOf(t);
  const consoleDir = join(folder, 'console');
  await buildConsole(consoleDir);
  const logFile = join(folder, 'shop.log');
  const now = Date.now() - 5000;
  const ts = new Date(now + 1000).toISOString();
  writeFileSync(
    logFile,
    `${JSON.stringify({ ts, level: 'warn', msg: '<b>cache</b> slow', trace_id: TRACE, span_id: CLIENT })}\n`,
  );
  const receivers = { logFiles: [{ include: [logFile], resource: { 'service.name': 'shop' } }] };
  const collector = await startCollector(t, folder, receivers, consoleDir);
  assert.equal((await sendSpans(collector.otlpHttpPort, spansJson(now))).status, 200);

  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'];
  const browser = await chromium.launch({ executablePath, args });
  t.after(() => browser.close());
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`http://127.0.0.1:${collector.apiPort}/traces?q=redis`);
  await page.getByRole('link', { name: TRACE.slice(0, 12) }).click();
  await page.getByText('2 of 2').waitFor();
  await page
    .getByRole('button', { name: 'Logs' })
    .or(page.getByRole('tab', { name: 'Logs' }))
    .click();
  await page.getByText('<b>cache</b> slow').first().waitFor();
  assert.match(page.url(), new RegExp(`/traces/${TRACE}`));
  assert.deepEqual(complaints, []);
});
