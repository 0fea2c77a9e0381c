// Webhooks to a real server in this process, by a clock and timers of the test.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { shownConfig, validateConfig } from '../../../collector/config.ts';
import type { Incident } from '../../../collector/correlate/incident.ts';
import { NOTIFY_FORMAT_NAMES, NOTIFY_FORMATS } from '../../../collector/notify/formats.ts';
import { eventOf, type ToldIncident } from '../../../collector/notify/notification.ts';
import { createNotifier, type NotifyTarget } from '../../../collector/notify/notifier.ts';
import { WEBHOOK } from '../../../collector/notify/webhook.ts';
import { smallIncident } from '../correlate/share/small-incident.ts';

const SECRET = 'T000-B000-xoxb';
const MS = 1_000_000n;

/** The small incident while it lasts. */
const opened: Incident = {
  ...smallIncident.incident,
  ...{ state: 'open', updatedUnixNano: smallIncident.incident.openedUnixNano },
};
const updated: Incident = {
  ...opened,
  title: 'redis.GET fails',
  updatedUnixNano: `${opened.updatedUnixNano}0`,
};
const closed = smallIncident.incident;
const another = (id: string): Incident => ({ ...opened, id });

function head({ findings: _findings, ...told }: Incident): ToldIncident {
  return told;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
}

/** A server that answers as it is told (204 by default), a notifier, and a clock that fires timers. */
async function bench(t: TestContext, answers: Answer[] = [], target: Partial<NotifyTarget> = {}) {
  const got: { event: string; id: string; atMs: number; path: string; authorization: string }[] = [];
  let nowMs = 1_000_000;
  let timers: { atMs: number; then: () => void }[] = [];
  const arrived: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const body = (await bodyOf(request)) as { event: string; incident: Incident };
    got.push({
      ...{ event: body.event, id: body.incident.id, atMs: nowMs, path: request.url ?? '' },
      authorization: request.headers.authorization ?? '',
    });
    const { status, headers = {} } = answers.shift() ?? { status: 204 };
    response.writeHead(status, headers).end();
    arrived.shift()?.();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const warnings: string[] = [];
  const url = `http://127.0.0.1:${port}/services/${SECRET}`;
  const notifier = createNotifier(
    [{ url, on: ['opened', 'updated', 'closed'], format: 'json', minConfidence: 'low', ...target }],
    {
      clock: () => BigInt(nowMs) * MS,
      random: () => 1,
      fetch: async (address, init) => fetch(address, init),
      timeout: () => new AbortController().signal,
      timer: (ms, then) => {
        const timer = { atMs: nowMs + ms, then };
        timers.push(timer);
        return () => {
          timers = timers.filter((one) => one !== timer);
        };
      },
      warn: (message, fields) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
    },
  );
  t.after(notifier.stop);
  /** Waits until `count` messages have arrived and nothing is under way. */
  const received = async (count: number) => {
    while (got.length < count) await new Promise<void>((resolve) => arrived.push(resolve));
    await settled();
  };
  const settled = async () => {
    while (underway()) await new Promise((resolve) => setImmediate(resolve));
  };
  const underway = () => notifier.counts().some(({ waiting }) => waiting > 0) && timers.length === 0;
  const pass = (ms: number) => {
    nowMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    timers = timers.filter(({ atMs }) => atMs > nowMs);
    for (const { then } of due) then();
  };
  const waits = () => timers.map(({ atMs }) => Math.round((atMs - nowMs) / 1_000));
  return { notifier, got, warnings, received, settled, pass, waits, port };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

test('an incident is told when it opens, reads differently and closes, at most once a minute', async (t) => {
  const { notifier, got, received, pass, waits, settled } = await bench(t);
  notifier.tell([opened]);
  await received(1);
  notifier.tell([updated]);
  notifier.tell([closed]);
  await settled();
  assert.deepEqual(waits(), [60]);
  pass(61_000);
  await received(2);
  assert.deepEqual(
    got.map(({ event }) => event),
    ['opened', 'closed'],
  );
  assert.equal(notifier.counts()[0]?.sent, 2);
});

test('what fails is tried again, ever more slowly; what is newer meanwhile is told in its place', async (t) => {
  const { notifier, got, received, pass, waits, warnings } = await bench(t, [
    { status: 500 },
    { status: 503 },
    { status: 429, headers: { 'retry-after': '30' } },
  ]);
  notifier.tell([opened]);
  await received(1);
  assert.deepEqual(waits(), [1]);
  notifier.tell([updated]);
  pass(1_001);
  await received(2);
  assert.deepEqual(waits(), [2]);
  pass(2_001);
  await received(3);
  assert.deepEqual(waits(), [30]);
  pass(30_001);
  await received(4);
  assert.deepEqual(
    got.map(({ event }) => event),
    ['opened', 'opened', 'opened', 'opened'],
  );
  assert.deepEqual(notifier.counts(), [{ target: 'notify[0]', sent: 1, waiting: 0, lost: [] }]);
  assert.deepEqual(warnings, []);
});

test('a message that is refused, or fails ten times, is lost and counted; the address is in no log', async (t) => {
  const { notifier, received, pass, warnings } = await bench(t, [
    { status: 404 },
    ...Array.from({ length: WEBHOOK.attempts }, () => ({ status: 502 })),
  ]);
  notifier.tell([opened]);
  await received(1);
  notifier.tell([another('b')]);
  for (let attempt = 1; attempt <= WEBHOOK.attempts; attempt++) {
    await received(1 + attempt);
    pass(61_000);
  }
  assert.deepEqual(notifier.counts()[0]?.lost, [
    ['refused', 1],
    ['gave-up', 1],
  ]);
  assert.match(warnings[0] ?? '', /^notify\[0\]: a message about an incident is lost .*"says":"status 404"/);
  assert.equal(warnings.length, 2);
  for (const warning of warnings) assert.doesNotMatch(warning, new RegExp(`${SECRET}|127\\.0\\.0\\.1`));
});

test('a server that is not there is tried again, too, and told by its error code', async (t) => {
  const { notifier, waits, settled, pass, warnings } = await bench(t, [], {
    url: `http://127.0.0.1:1/${SECRET}`,
  });
  notifier.tell([opened]);
  await settled();
  assert.deepEqual(waits(), [1]);
  for (let attempt = 1; attempt < WEBHOOK.attempts; attempt++) {
    pass(61_000);
    await settled();
  }
  assert.match(warnings[0] ?? '', /"says":"\w+"/);
  assert.doesNotMatch(warnings[0] ?? '', new RegExp(SECRET));
});

test('a redirect is not followed: it would take the message elsewhere', async (t) => {
  const { notifier, received, got } = await bench(t, [{ status: 307, headers: { location: '/other' } }]);
  notifier.tell([opened]);
  await received(1);
  assert.deepEqual(
    [got.map(({ path }) => path), notifier.counts()[0]?.lost],
    [[`/services/${SECRET}`], [['refused', 1]]],
  );
});

test('credentials of the address become a header', async (t) => {
  const direct = await bench(t);
  const other = await bench(t, [], { url: `http://user:p%40ss@127.0.0.1:${direct.port}/hook` });
  other.notifier.tell([opened]);
  await direct.received(1);
  const [{ authorization } = { authorization: '' }] = direct.got;
  assert.equal(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString(), 'user:p@ss');
});

test('the queue is bounded: what does not fit is lost and counted, and so is what waits at the stop', async (t) => {
  const { notifier } = await bench(t);
  for (let i = 0; i < WEBHOOK.queue + 3; i++) notifier.tell([another(`i${i}`)]);
  assert.deepEqual(notifier.counts()[0]?.lost, [['queue-full', 2]]);
  await notifier.stop();
  const [counts] = notifier.counts();
  assert.equal(counts?.waiting, 0);
  assert.equal((counts?.sent ?? 0) + (new Map(counts?.lost).get('stopped') ?? 0), WEBHOOK.queue + 1);
});

test('only what is asked for is told; an incident that becomes sure enough is told as opened then', async (t) => {
  const { notifier, got, received } = await bench(t, [], { on: ['opened'], minConfidence: 'high' });
  const unsure = { ...opened.confidence, tier: 'low' as const };
  notifier.tell([
    { ...opened, confidence: unsure },
    { ...another('b'), confidence: unsure },
  ]);
  notifier.tell([{ ...closed, id: 'b' }]);
  notifier.tell([updated]);
  await received(1);
  notifier.tell([closed]);
  assert.deepEqual(
    got.map(({ event, id }) => [event, id]),
    [['opened', opened.id]],
  );
  assert.equal(notifier.counts()[0]?.waiting, 0);
});

test('what the detector answers is an opening only when it was written for the first time', () => {
  assert.deepEqual([opened, updated, closed].map(eventOf), ['opened', 'updated', 'closed']);
});

test('the configuration is shown without the addresses of webhooks, and a fault in one is told without it', () => {
  const notify = [{ url: `https://user:pw@hooks.example/services/${SECRET}?k=${SECRET}` }];
  const { config } = validateConfig({ notify });
  assert.ok(config);
  assert.equal(config.notify[0]?.url, notify[0]?.url);
  const shown = JSON.stringify(shownConfig(config));
  assert.match(shown, /"url":"https:\/\/hooks\.example\/…"/);
  assert.doesNotMatch(shown, new RegExp(`${SECRET}|pw`));
  const faulty = validateConfig({ notify: [{ url: `ftp://x/${SECRET}` }, { url: SECRET }] });
  assert.equal(faulty.problems?.length, 2);
  assert.doesNotMatch(JSON.stringify(faulty.problems), new RegExp(SECRET));
});

for (const format of NOTIFY_FORMAT_NAMES) {
  test(`a closed incident as a message, ${format}`, (t) => {
    const link = 'https://console.example/incidents/6bd7f708147c204f';
    const body = NOTIFY_FORMATS[format]({ event: 'closed', incident: head(closed), link });
    const file = join(import.meta.dirname, 'testdata', `${format}.golden.json`);
    t.assert.fileSnapshot(`${JSON.stringify(body, null, 2)}\n`, file, { serializers: [String] });
  });
}

test('text of telemetry mentions nobody and links nowhere in a chat', () => {
  const title = '<!channel> @here [x](http://evil) ![p](https://e/p.png) a & b';
  const body = JSON.stringify(
    NOTIFY_FORMATS.slack({ event: 'opened', incident: head({ ...opened, title }), link: '' }),
  );
  assert.doesNotMatch(body, /<|@here|\]\(|:\/\//);
  assert.match(body, /&lt;!channel&gt; @\u200bhere/);
});
