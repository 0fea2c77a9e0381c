import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { TraceBody } from '../../../../collector/api/types.ts';
import { tool } from '../../../helpers/tools.ts';
import type { Bodies } from './api-server.ts';
import { type Bench, type OpenPage, startBench } from './browser.ts';
import { INCIDENT_ID, outage } from './outage.ts';
import { TRACE_ID } from './slow-trace.ts';

const HOSTILE = '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>';
const TRACE = `/traces/${TRACE_ID}`;

/** The text of an element, blanks joined. */
async function textOf(page: Page, selector: string): Promise<string> {
  // Not textContent: it would join what stands in cells of their own.
  // biome-ignore lint/performance/useDomNodeTextContent: blanks between cells are wanted
  return (await page.locator(selector).first().innerText()).replace(/\s+/g, ' ').trim();
}

/** Waits until a count of the waterfall's grid is what it should be. */
async function rowsBecome(page: Page, count: number): Promise<void> {
  await page.locator(`[role=grid][aria-rowcount="${count}"]`).waitFor();
}

/** The label of the selected span, from the drawer. */
function drawerTitle(page: Page): Promise<string> {
  return textOf(page, 'aside.dr h2');
}

/** How many pixels the page is wider than its window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
}

describe('the console in Chromium', () => {
  let bench: Bench | undefined;
  let skipped = '';

  before(async () => {
    const skip = (reason?: string) => {
      skipped = reason ?? 'chromium is missing';
    };
    const path = tool({ skip }, 'chromium');
    if (path) bench = await startBench(path);
  });
  after(() => bench?.stop());

  /** Runs a test on an open page and requires that the browser had nothing to complain of. */
  function inBrowser(
    name: string,
    path: string,
    body: (open: OpenPage, bodies: Bodies) => Promise<void>,
    options?: Parameters<Bench['open']>[2],
    change?: (bodies: Bodies) => void,
  ): void {
    test(name, async (t) => {
      if (!bench) return t.skip(skipped);
      const bodies = outage();
      change?.(bodies);
      const open = await bench.open(bodies, path, options);
      try {
        await body(open, bodies);
        assert.deepEqual(open.complaints, []);
      } finally {
        await open.close();
      }
    });
  }

  inBrowser(
    'home answers first, then shows incidents, services and what the collector lost',
    '/',
    async ({ page }) => {
      await page.getByRole('heading', { level: 1, name: /^shop is failing since 14:22/ }).waitFor();
      await page.locator('table.svc tbody tr').first().waitFor();
      assert.equal(await page.locator('table.svc tbody tr').count(), 8);
      const verify = await textOf(page, 'table.svc tr:has-text("/api/v2/verify")');
      assert.match(verify, /GET \/api\/v2\/verify failing 118 6\.2 % 2\.31 s 142 ms/);
      assert.match(await textOf(page, 'a.inc'), /Redis cache slow.*since 14:22:10 confidence high/);
      assert.match(await textOf(page, '.cols'), /Spans 17\.3 M 412 k 1,204 queue full/);
      assert.match(await textOf(page, '.cols'), /payments localhost:9081 down connection refused never/);
    },
  );

  inBrowser(
    'new answers replace old ones without a reload, and an opened incident is said aloud',
    '/',
    async ({ page }, bodies) => {
      await page.locator('table.svc tbody tr').first().waitFor();
      await page.locator('[role=status]', { hasText: '1 open incident' }).waitFor({ state: 'attached' });
      bodies.services = { ...bodies.services, answer: 'All 5 services work.' };
      await page.getByRole('heading', { level: 1, name: 'All 5 services work.' }).waitFor();
    },
  );

  inBrowser(
    'a route leads to its traces, a search narrows them, and more can be loaded',
    '/',
    async ({ page, url }) => {
      await page.locator('table.svc').getByRole('link', { name: 'GET /api/v2/verify' }).click();
      await page.locator('table.tt tbody tr').nth(99).waitFor();
      assert.equal(page.url(), `${url}/traces?service=shop&route=GET+%2Fapi%2Fv2%2Fverify`);
      assert.equal(await page.locator('input[name=route]').inputValue(), 'GET /api/v2/verify');
      assert.match(await textOf(page, '.ft'), /^100 of 1,284 traces shown, newest first\. Load more$/);
      await page.getByRole('button', { name: 'Load more' }).click();
      await page.locator('table.tt tbody tr').nth(199).waitFor();
      await page.getByLabel('errors only').check();
      await page.getByLabel('Order').selectOption('slowest');
      await page.locator('input[name=q]').press('Enter');
      await page.getByText('12 of 12 traces shown, slowest first.').waitFor();
      assert.match(page.url(), /errors=1&order=slowest$/);
      await page.goBack();
      await page.getByText('100 of 1,284 traces shown').waitFor();
      assert.equal(await page.getByLabel('errors only').isChecked(), false);
    },
  );

  inBrowser(
    'a trace shows all its spans and log lines, and the search finds and selects',
    TRACE,
    async ({ page }) => {
      await rowsBecome(page, 48);
      assert.match(
        await textOf(page, '.kv'),
        /Status 200 Spans 44 of 44 Services 8 Errors 4, 2 origins Log lines 4 of 4/,
      );
      await page.keyboard.press('/');
      await page.keyboard.type('redis.get');
      await page.getByText('3 of 44 spans').waitFor();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      await page.locator('aside.dr', { hasText: 'b7ad6b7169203331' }).waitFor();
      await page.getByText('server.address').waitFor();
      assert.match(await textOf(page, 'aside.dr'), /Duration 802 ms Self 0 ms Start \+853 ms/);
      await page
        .locator('[role=row][aria-selected=true]', { hasText: 'redis.GET' })
        .waitFor({ state: 'attached' });
      await page.waitForURL(/span=b7ad6b7169203331&find=redis\.get$/);
    },
  );

  inBrowser('keys walk, fold, zoom, and lead to errors and views', TRACE, async ({ page, url }) => {
    await rowsBecome(page, 48);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    assert.equal(await drawerTitle(page), 'proxy shop');
    await page.keyboard.press('h');
    await rowsBecome(page, 2);
    await page.keyboard.press('l');
    await rowsBecome(page, 48);
    await page.keyboard.press('f');
    await page.locator('aside.dr h2', { hasText: 'redis.GET' }).waitFor();
    await page.keyboard.press('w');
    await page.getByText('all shown').waitFor({ state: 'detached' });
    await page.keyboard.press('c');
    await page.locator('button[aria-pressed=false]', { hasText: 'Critical path' }).waitFor();
    await page.keyboard.press('t');
    await page.locator('table.spans tbody tr').nth(43).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('aside.dr').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).getByText('next error').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.waitForURL(`${url}/incidents`);
  });

  inBrowser(
    'rows of the waterfall answer to the mouse, on the name, the bar and the fold sign',
    TRACE,
    async ({ page }) => {
      await rowsBecome(page, 48);
      const box = (await page.locator('.tall canvas').boundingBox())!;
      await page.mouse.click(box.x + 120, box.y + 150);
      await page.locator('aside.dr h2', { hasText: 'verify.LoadSession' }).waitFor();
      await page.mouse.click(box.x + 47, box.y + 150);
      await rowsBecome(page, 48 - 10 - 3);
    },
  );

  inBrowser(
    'all log lines of a trace are listed in order of time, each leading to its span',
    `${TRACE}?tab=logs`,
    async ({ page }) => {
      await page.getByText('4 of 4 log lines shown').waitFor();
      const times = await page.locator('.lst tbody tr td:first-child').allInnerTexts();
      assert.deepEqual(times, times.toSorted());
      await page.locator('.lst tbody tr').first().getByRole('button').click();
      await page.locator('aside.dr h2', { hasText: 'redis.GET' }).waitFor();
    },
  );

  inBrowser(
    'an incident tells its verdict and steps, and its evidence leads to the trace',
    '/incidents',
    async ({ page, url }) => {
      await page.getByRole('link', { name: /^Redis cache slow/ }).click();
      await page.getByRole('heading', { level: 1, name: /^Redis cache slow/ }).waitFor();
      assert.match(
        await textOf(page, '.vd'),
        /^Verdict redis-0 answers slowly since 14:22:00\..*Confidence High\. 7 of 7 links hold/,
      );
      const names = await page.locator('.step h2').allInnerTexts();
      assert.deepEqual(names.slice(0, 3), ['Symptom', 'Onset', 'Exemplars']);
      assert.equal(names.length, 9);
      await page.locator('.u-over').nth(6).waitFor();
      assert.equal(await page.getByRole('img', { name: /^verify, p99: over .*highest 2\.\d+ s/ }).count(), 1);
      await page.keyboard.press('t');
      await page.locator('.vals td').first().waitFor();
      await page.getByRole('link', { name: 'redis.GET, attempt 2' }).click();
      await page.waitForURL(`${url}${TRACE}?span=b7ad6b7169203331`);
      await page.locator('aside.dr', { hasText: 'b7ad6b7169203331' }).waitFor();
      await page.getByRole('link', { name: 'the incident' }).click();
      await page.waitForURL(`${url}/incidents/${INCIDENT_ID}`);
    },
  );

  inBrowser(
    'a time is explained from the keyboard, and what is wrong or busy is told beside the form',
    '/incidents',
    async ({ page, url }, bodies) => {
      await page.locator('table.il tbody tr').first().waitFor();
      await page.keyboard.press('e');
      await page.keyboard.type('25:99');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: '25:99 is no time: write 14:22' }).waitFor();
      bodies.failing.set('/explain', 'An explanation is under way; ask again in 5 s.');
      await page.getByLabel('Began at, UTC').fill('14:22:10');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: 'An explanation is under way' }).waitFor();
      bodies.failing.clear();
      await page.getByLabel('Requests with').fill('customer.id=42');
      await page.keyboard.press('Enter');
      await page.waitForURL(`${url}/incidents/e0e0e0e0e0e0`);
      assert.match(await textOf(page, '.ih'), /contacts · no route named · .* · explained 14:23:05/);
      assert.match(await textOf(page, '.vd'), /Lacked: CPU and memory did not change/);
      assert.match(await textOf(page, '.ev table'), /ts-contacts-service 2\.41 .*ts-preserve-service 1\.27/);
    },
  );

  inBrowser('logs are searched and lead to their trace', '/logs', async ({ page, url }) => {
    await page.getByText('4 of 2,401 lines shown').waitFor();
    await page
      .getByRole('link', { name: /^Trace 4bf92f3577b3/ })
      .first()
      .click();
    await page.waitForURL(new RegExp(`^${url}${TRACE}\\?span=`));
  });

  inBrowser(
    'nothing that arrived is read as markup',
    '/',
    async ({ page, url }) => {
      const pages = [
        '/',
        '/traces',
        '/logs',
        TRACE,
        `${TRACE}?tab=table`,
        `${TRACE}?tab=logs`,
        `/incidents/${INCIDENT_ID}`,
      ];
      for (const path of [...pages, `/incidents/${encodeURIComponent(HOSTILE)}`]) {
        await page.goto(url + path);
        await page
          .locator('main', { hasText: path.startsWith('/incidents/%') ? 'No such incident' : 'onerror=' })
          .waitFor();
        assert.equal(await page.locator('main img, main script').count(), 0);
        assert.doesNotMatch(await page.title(), /taken/);
      }
      await page.goto(`${url}${TRACE}?span=b7ad6b7169203331`);
      await page.locator('aside.dr', { hasText: 'onerror=' }).waitFor();
      assert.equal(await page.locator('aside.dr img').count(), 0);
    },
    {},
    hostile,
  );

  inBrowser(
    'a part that fails says so, keeps the rest, and is read again on Retry',
    '/',
    async (open, bodies) => {
      const { page } = open;
      await page.getByText('Services could not be read: the store is being compacted, about 20 s.').waitFor();
      await page.locator('a.inc').waitFor();
      bodies.failing.clear();
      await page.keyboard.press('r');
      await page.locator('table.svc tbody tr').first().waitFor();
    },
    {},
    (bodies) => bodies.failing.set('/services', 'the store is being compacted, about 20 s.'),
  );

  inBrowser(
    'an empty store says what it waits for, and an empty list what to do',
    '/',
    async ({ page, url }) => {
      await page.getByRole('heading', { name: 'Waiting for the first span, log line or metric.' }).waitFor();
      await page.goto(`${url}/traces?service=nobody`);
      await page.getByText('No traces match between 14:26 – 14:41.').waitFor();
      await page.getByRole('link', { name: 'Show all traces' }).waitFor();
    },
    {},
    empty,
  );

  inBrowser(
    'a trace that is not stored says why',
    '/traces/00000000000000000000000000000001',
    async (open) => {
      await open.page.getByRole('heading', { name: 'No spans of this trace are stored' }).waitFor();
    },
  );

  inBrowser(
    'a trace of twenty thousand spans opens, scrolls and says what was cut',
    TRACE,
    async ({ page }) => {
      await rowsBecome(page, 20_000);
      assert.match(await textOf(page, '.kv'), /Spans 20,000 of 48,300/);
      await page.getByText('28,300 spans are stored but not shown').waitFor();
      await page.evaluate("document.querySelector('.rows').scrollTop = 1e9");
      await page.locator('[role=row][aria-rowindex="20000"]').waitFor({ state: 'attached' });
      assert.ok((await page.locator('[role=row]').count()) < 100);
    },
    {},
    (bodies) => {
      bodies.trace[TRACE_ID] = wide(bodies.trace[TRACE_ID]!, 20_000);
      bodies.traceLogs = { matched: 0, examined: 0, logs: [] };
    },
  );

  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      inBrowser(
        `at ${width} px in the ${colorScheme} theme no view scrolls sideways`,
        '/',
        async ({ page, url }) => {
          for (const path of [
            '/',
            '/traces',
            '/logs',
            '/incidents',
            `/incidents/${INCIDENT_ID}`,
            '/incidents/e0e0e0e0e0e0',
            `${TRACE}?span=b7ad6b7169203331`,
          ]) {
            await page.goto(url + path);
            await page.locator('main :is(table, canvas):visible').first().waitFor();
            assert.ok((await overflow(page)) <= 0, `${path} is ${await overflow(page)} px too wide`);
          }
          const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
          assert.equal(ground, colorScheme === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(255, 255, 255)');
        },
        { viewport: { width, height: 800 }, colorScheme },
      );
    }
  }

  inBrowser(
    'the theme is the reader’s choice and stays',
    '/',
    async ({ page }) => {
      await page.getByRole('button', { name: 'Switch between light and dark' }).click();
      await page.locator('html[data-theme=dark]').waitFor();
      await page.reload();
      await page.locator('html[data-theme=dark]').waitFor();
    },
    { colorScheme: 'light' },
  );
});

/** Every string that a sender chooses becomes markup. */
function hostile(bodies: Bodies): void {
  const trace = bodies.trace[TRACE_ID]!;
  for (const column of [trace.name, trace.label, trace.service])
    column.dictionary = column.dictionary.map(() => HOSTILE);
  bodies.traceLogs.logs = bodies.traceLogs.logs.map((log) => ({ ...log, body: HOSTILE, caller: HOSTILE }));
  bodies.logs = () => bodies.traceLogs;
  const { traces } = bodies;
  bodies.traces = (query) => {
    const body = traces(query);
    return {
      ...body,
      traces: body.traces.map((t) => ({ ...t, hit: { ...t.hit, route: HOSTILE, service: HOSTILE } })),
    };
  };
  for (const span of Object.values(bodies.spans)) {
    span.statusMessage = HOSTILE;
    span.attributes = [{ key: HOSTILE, value: HOSTILE }];
  }
  bodies.services.answer = HOSTILE;
  for (const service of bodies.services.services) service.name = HOSTILE;
  const incident = bodies.incident[INCIDENT_ID]!;
  incident.title = HOSTILE;
  incident.verdict = HOSTILE;
  incident.runbook = 'javascript:document.title="taken"';
  for (const finding of incident.findings) finding.statement = HOSTILE;
}

/** A collector that has received nothing. */
function empty(bodies: Bodies): void {
  for (const signal of Object.values(bodies.status.signals))
    Object.assign(signal, { received: 0, kept: 0, dropped: [] });
  bodies.services = { ...bodies.services, answer: 'No service has sent anything.', matched: 0, services: [] };
  bodies.incidents = { matched: 0, incidents: [] };
  bodies.traces = () => ({ matched: 0, examined: 0, traces: [] });
}

/** A trace of many children under one root. */
function wide(trace: TraceBody, count: number): TraceBody {
  const each = <T>(make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
  const column = (text: string) => ({ dictionary: ['', text], index: each(() => 1) });
  return {
    ...trace,
    ...{ count, matched: 48_300, durationMs: count },
    spanId: each((i) => i.toString(16).padStart(16, '0')),
    parent: each((i) => (i === 0 ? -1 : 0)),
    orphan: each(() => false),
    startMs: each((i) => i),
    durationsMs: each((i) => (i === 0 ? count : 1)),
    kind: each(() => 1),
    status: each(() => 0),
    httpStatus: each(() => 0),
    name: column('work'),
    service: column('shop'),
    label: column('work'),
  };
}
