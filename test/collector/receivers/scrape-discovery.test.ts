import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import {
  createPrometheusScrape,
  type PrometheusScrapeDeps,
  type ScrapeJob,
} from '../../../collector/receivers/prometheus-scrape.ts';
import type { SampleBatch } from '../../../collector/telemetry/batch.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { ManualSchedule, Recording } from './recording.ts';

const INTERVAL_MS = 15_000;
const RETRY_MS = 1000;

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'go-sre-scrape-'));
  t.after(() => rm(made, { recursive: true }));
  return made;
}

/** A receiver of one job whose timers fire when the test says so. */
class Scraping {
  readonly recording = new Recording();
  readonly timers = new ManualSchedule();
  readonly receiver: ReturnType<typeof createPrometheusScrape>;

  constructor(t: TestContext, job: Partial<ScrapeJob>, deps: Partial<PrometheusScrapeDeps> = {}) {
    const whole = {
      job: 'shop',
      path: '/metrics',
      interval: INTERVAL_MS / 1000,
      timeout: 5,
      labels: {},
      ...job,
    };
    this.receiver = createPrometheusScrape(
      { jobs: [whole] },
      { ...this.recording.deps, schedule: this.timers.schedule, ...deps },
    );
    t.after(() => this.receiver.stop());
  }

  get instances(): string[] {
    return this.receiver.targets().map(({ instance }) => instance);
  }

  get problem(): string | undefined {
    return this.receiver.discoveries()[0]?.problem;
  }

  /** Fires the first timer that waits at all: of a target its next scrape. */
  fireScrape(): void {
    const ms = this.timers.waiting.find((waiting) => waiting.ms !== RETRY_MS && waiting.ms !== 5000)?.ms;
    assert.ok(ms !== undefined, 'a scrape waits');
    this.timers.fire(ms);
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'it did not come to pass within 10 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('targets of files come and go as the files change; what cannot be read keeps what it had', async (t) => {
  const path = await folder(t);
  const write = async (name: string, text: string) => {
    await writeFile(join(path, `${name}.new`), text);
    await rename(join(path, `${name}.new`), join(path, name));
  };
  await write('a.json', '[{"targets": ["a:1", "b:2"], "labels": {"env": "demo"}}]');
  const scraping = new Scraping(t, { fileSd: { files: [join(path, '*.{json,yaml}')], refresh: 1 } });
  await scraping.receiver.start();
  await until(() => scraping.instances.length === 2);
  assert.equal(scraping.problem, undefined);
  await write(
    'c.yaml',
    '- targets: [c:3]\n  labels: { __metrics_path__: /other }\n- targets: ["a:1"]\n  labels: { env: demo }\n',
  );
  scraping.timers.fire(RETRY_MS);
  await until(() => scraping.instances.length === 3);
  assert.deepEqual(
    scraping.instances,
    ['a:1', 'b:2', 'c:3'],
    'a target that was found twice is scraped once',
  );
  await write('a.json', '[{"targets": ["a:1"], "lables": {}}]');
  scraping.timers.fire(RETRY_MS);
  await until(() => scraping.problem !== undefined);
  assert.match(scraping.problem ?? '', /a\.json: \[0\]\.lables is not a known key/);
  assert.equal(scraping.instances.length, 3);
  await write('a.json', '[{"targets": ["a:1"]}]');
  scraping.timers.fire(RETRY_MS);
  await until(() => scraping.problem === undefined);
  assert.deepEqual(
    scraping.instances.sort(),
    ['a:1', 'a:1', 'c:3'],
    'with and without env=demo these are two',
  );
  await rm(join(path, 'a.json'));
  await rm(join(path, 'c.yaml'));
  scraping.timers.fire(RETRY_MS);
  await until(() => scraping.instances.length === 0);
  assert.match(scraping.problem ?? '', /no file is named/);
  assert.deepEqual(scraping.recording.warnings, [
    'targets cannot be looked for',
    'targets cannot be looked for',
  ]);
});

test('a target that vanished ends with markers for its series and for up, tried again until they are kept', async (t) => {
  const path = join(await folder(t), 'targets.json');
  const host = await serve(t, (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end('a 1\n');
  });
  await writeFile(path, JSON.stringify([{ targets: [host] }]));
  const scraping = new Scraping(t, { fileSd: { files: [path], refresh: 1 } });
  const { recording } = scraping;
  await scraping.receiver.start();
  await until(() => scraping.instances.length === 1);
  scraping.fireScrape();
  await until(() => recording.batches.length === 1);
  recording.refuse = new CollectorError('store-full', 'full');
  await writeFile(path, '[]');
  scraping.timers.fire(RETRY_MS);
  await until(() => recording.counts.length === 2);
  assert.equal(recording.counts.at(-1), 'prometheus-scrape metrics refused 6 store-full');
  recording.refuse = undefined;
  scraping.timers.fire(INTERVAL_MS);
  await until(() => recording.batches.length === 2);
  const { index } = recording.batches[1] as SampleBatch;
  assert.deepEqual(
    [...index.seriesIndex].map((at) => index.series[at]?.name),
    [
      ...['a', 'up', 'scrape_duration_seconds', 'scrape_samples_scraped'],
      ...['scrape_samples_post_metric_relabeling', 'scrape_series_added'],
    ],
  );
  assert.ok(index.value.every((value) => Number.isNaN(value)));
});

test('DNS: a target for each record; a name that is gone has none, one that fails keeps those it had', async (t) => {
  let answer = () => Promise.resolve(['10.0.0.1', '10.0.0.2']);
  const never = () => Promise.reject(new Error('not asked for'));
  const resolver = { resolve4: () => answer(), resolve6: never, resolveSrv: never };
  const dns = { names: ['shop.internal'], type: 'A', port: 8081, refresh: 1 } as const;
  const scraping = new Scraping(t, { dns }, { resolver });
  await scraping.receiver.start();
  await until(() => scraping.instances.length === 2);
  assert.deepEqual(scraping.instances, ['10.0.0.1:8081', '10.0.0.2:8081']);
  answer = () => Promise.reject(Object.assign(new Error('queryA ESERVFAIL'), { code: 'ESERVFAIL' }));
  scraping.timers.fire(RETRY_MS);
  await until(() => scraping.problem !== undefined);
  assert.deepEqual([scraping.problem, scraping.instances.length], ['shop.internal: queryA ESERVFAIL', 2]);
  answer = () => Promise.reject(Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' }));
  scraping.timers.fire(RETRY_MS);
  await until(() => scraping.instances.length === 0);
  assert.equal(scraping.problem, undefined);
});

test('DNS: SRV records name host and port, AAAA addresses stand in brackets', async (t) => {
  const never = () => Promise.reject(new Error('not asked for'));
  const resolver = {
    resolve4: never,
    resolve6: async () => ['fd00::1'],
    resolveSrv: async () => [{ name: 'pod-1.shop.internal.', port: 9100, priority: 0, weight: 0 }],
  };
  for (const [type, instance] of [
    ['SRV', 'pod-1.shop.internal:9100'],
    ['AAAA', '[fd00::1]:8081'],
  ] as const) {
    const scraping = new Scraping(t, { dns: { names: ['x'], type, port: 8081, refresh: 1 } }, { resolver });
    await scraping.receiver.start();
    await until(() => scraping.instances.length === 1);
    assert.deepEqual(scraping.instances, [instance]);
  }
});

function pod(uid: string, annotations: Record<string, string>, more: object = {}) {
  return {
    metadata: { uid, name: `pod-${uid}`, namespace: 'shop', labels: { app: 'orders' }, annotations },
    spec: { containers: [{ ports: [{ containerPort: 8080 }, { containerPort: 53, protocol: 'UDP' }] }] },
    status: { phase: 'Running', podIP: `10.0.0.${uid}` },
    ...more,
  };
}

/** An API server over a real socket: what it lists the test sets, events of the watch go out when the test says so. */
class FakeApiServer {
  readonly asked: { path: string; query: URLSearchParams; authorization: string | undefined }[] = [];
  pages: object[] = [];
  status = 200;
  #watches: ServerResponse[] = [];

  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '', 'http://server');
    this.asked.push({
      path: url.pathname,
      query: url.searchParams,
      authorization: request.headers.authorization,
    });
    if (this.status !== 200) {
      response.writeHead(this.status).end(JSON.stringify({ kind: 'Status', message: 'pods is forbidden' }));
    } else if (url.searchParams.has('watch')) {
      response.writeHead(200).flushHeaders();
      this.#watches.push(response);
    } else {
      const page = Number(url.searchParams.get('continue') ?? '0');
      const rest = page + 1 < this.pages.length ? { continue: String(page + 1) } : {};
      const metadata = { resourceVersion: String(100 + this.asked.length), ...rest };
      response.end(JSON.stringify({ metadata, items: this.pages[page] ?? [] }));
    }
  };

  get watching(): number {
    return this.#watches.length;
  }

  send(...events: object[]): void {
    for (const event of events) this.#watches.at(-1)?.write(`${JSON.stringify(event)}\n`);
  }

  /** Ends the watch, as the server does after a while. */
  end(): void {
    this.#watches.pop()?.end();
  }
}

test('pods: listed in pages and watched; annotations say whether, where and how', async (t) => {
  const path = await folder(t);
  const tokenFile = join(path, 'token');
  await writeFile(tokenFile, 'first\n');
  const api = new FakeApiServer();
  api.pages = [
    [
      pod('1', {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': '9102',
        'prometheus.io/path': '/m?x=1',
      }),
      pod('2', {}),
    ],
    [
      pod('3', { 'prometheus.io/scrape': 'true', 'prometheus.io/scheme': 'https' }),
      pod('4', { 'prometheus.io/scrape': 'true' }, { status: { phase: 'Succeeded', podIP: '10.0.0.4' } }),
      pod('5', { 'prometheus.io/scrape': 'true' }, { status: { phase: 'Pending' } }),
      { odd: true },
    ],
  ];
  const host = await serve(t, api.listener);
  const kubernetes = { namespaces: ['shop'], labelSelector: 'tier=web', node: 'n1' };
  const scraping = new Scraping(t, { kubernetes: { ...kubernetes, apiServer: `http://${host}`, tokenFile } });
  await scraping.receiver.start();
  await until(() => api.watching === 1);
  assert.deepEqual(scraping.receiver.targets(), [
    { job: 'orders', instance: '10.0.0.1:9102', up: false },
    { job: 'orders', instance: '10.0.0.3:8080', up: false },
  ]);
  const [list, , watch] = api.asked;
  assert.deepEqual(
    [list?.path, list?.query.get('labelSelector'), list?.query.get('fieldSelector'), list?.authorization],
    ['/api/v1/namespaces/shop/pods', 'tier=web', 'spec.nodeName=n1', 'Bearer first'],
  );
  assert.equal(watch?.query.get('resourceVersion'), '102');

  const versioned = (object: ReturnType<typeof pod>, resourceVersion: string) => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion },
  });
  api.send(
    { type: 'ADDED', object: versioned(pod('6', { 'prometheus.io/scrape': 'true' }), '110') },
    { type: 'DELETED', object: versioned(pod('1', {}), '111') },
    { type: 'MODIFIED', object: versioned(pod('3', { 'prometheus.io/scrape': 'false' }), '112') },
    { type: 'BOOKMARK', object: { metadata: { resourceVersion: '120' } } },
  );
  await until(() => scraping.instances.length === 1);
  assert.deepEqual(scraping.instances, ['10.0.0.6:8080']);

  await writeFile(tokenFile, 'second\n');
  api.end();
  await until(() => scraping.timers.waiting.some(({ ms }) => ms === RETRY_MS));
  scraping.timers.fire(RETRY_MS);
  await until(() => api.watching === 1);
  const again = api.asked.at(-1);
  assert.deepEqual([again?.query.get('resourceVersion'), again?.authorization], ['120', 'Bearer second']);

  api.pages = [[pod('7', { 'prometheus.io/scrape': 'true' })]];
  api.send({ type: 'ERROR', object: { code: 410, message: 'too old resource version' } });
  await until(() => scraping.instances.includes('10.0.0.7:8080'));
  assert.deepEqual(scraping.instances, ['10.0.0.7:8080']);
  assert.deepEqual(scraping.recording.warnings, []);
});

test('pods: while the API server refuses, the targets stay, the status says what is missing, and it is tried again', async (t) => {
  const api = new FakeApiServer();
  api.pages = [[pod('1', { 'prometheus.io/scrape': 'true' })]];
  const host = await serve(t, api.listener);
  const scraping = new Scraping(t, { kubernetes: { namespaces: [], apiServer: `http://${host}` } });
  await scraping.receiver.start();
  await until(() => api.watching === 1);
  api.status = 403;
  api.end();
  await until(() => scraping.timers.waiting.some(({ ms }) => ms === RETRY_MS));
  scraping.timers.fire(RETRY_MS);
  await until(() => scraping.problem !== undefined);
  assert.match(
    scraping.problem ?? '',
    /answered 403: pods is forbidden \(the service account needs get, list and watch/,
  );
  assert.deepEqual(scraping.instances, ['10.0.0.1:8080']);
  api.status = 200;
  await until(() => scraping.timers.waiting.some(({ ms }) => ms === RETRY_MS));
  scraping.timers.fire(RETRY_MS);
  await until(() => api.watching === 1);
});

test('pods: an API server that says nothing any more is asked again', async (t) => {
  const api = new FakeApiServer();
  const host = await serve(t, api.listener);
  const scraping = new Scraping(t, { kubernetes: { namespaces: [], apiServer: `http://${host}` } });
  await scraping.receiver.start();
  await until(() => api.watching === 1);
  scraping.timers.fire(330_000);
  await until(() => scraping.problem !== undefined);
  assert.equal(scraping.problem, 'the API server said nothing for 330 s');
  scraping.timers.fire(RETRY_MS);
  await until(() => api.watching === 2);
});

test('outside a cluster pods are not looked for, and the status says why', async (t) => {
  const scraping = new Scraping(t, { kubernetes: { namespaces: [] } }, { env: {} });
  await scraping.receiver.start();
  await until(() => scraping.problem !== undefined);
  assert.match(scraping.problem ?? '', /this is no pod/);
});

test('targets above the limit, and those that make no sense, are shown with the reason and not scraped', async (t) => {
  const path = join(await folder(t), 'targets.json');
  const odd = [
    { targets: ['a b'] },
    { targets: ['c:1'], labels: { __scheme__: 'ftp' } },
    { targets: ['d:1'], labels: { __scrape_interval__: 'soon' } },
  ];
  await writeFile(path, JSON.stringify([...odd, { targets: ['a:1', 'b:1', 'b:1', 'e:1'] }]));
  const scraping = new Scraping(t, { targetLimit: 2, fileSd: { files: [path], refresh: 1 } });
  await scraping.receiver.start();
  await until(() => scraping.instances.length > 0);
  assert.deepEqual(
    scraping.receiver.targets().map(({ instance, lastError }) => [instance, lastError]),
    [
      ['a:1', undefined],
      ['b:1', undefined],
      ['a b', '"a b" is no host:port'],
      ['c:1', 'the scheme ftp is neither http nor https'],
      ['d:1', '__scrape_interval__ is "soon", which is no duration such as 15s'],
      ['e:1', 'not scraped: the job has more than 2 targets'],
    ],
  );
});

test('stop ends a watch that is under way', async (t) => {
  const api = new FakeApiServer();
  const host = await serve(t, api.listener);
  const scraping = new Scraping(t, { kubernetes: { namespaces: [], apiServer: `http://${host}` } });
  await scraping.receiver.start();
  await until(() => api.watching === 1);
  await scraping.receiver.stop();
  assert.equal(scraping.timers.waiting.length, 0);
});
