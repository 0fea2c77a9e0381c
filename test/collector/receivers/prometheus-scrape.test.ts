import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  createPrometheusScrape,
  type PrometheusScrapeDeps,
  type ScrapeJob,
} from '../../../collector/receivers/prometheus-scrape.ts';
import type { SampleBatch } from '../../../collector/telemetry/batch.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { ManualSchedule, Recording } from './recording.ts';

const INTERVAL_MS = 15_000;
const TIMEOUT_MS = 5000;
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** A target over a real socket whose answer the test sets. */
async function target(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

class Scraping {
  readonly recording = new Recording();
  readonly timers = new ManualSchedule();
  readonly receiver: ReturnType<typeof createPrometheusScrape>;

  constructor(
    t: TestContext,
    host: string,
    options: Partial<ScrapeJob> = {},
    deps: Partial<PrometheusScrapeDeps> = {},
  ) {
    const jobs = [
      {
        job: 'shop',
        targets: [host],
        path: '/metrics',
        interval: INTERVAL_MS / 1000,
        timeout: TIMEOUT_MS / 1000,
        labels: {},
        ...options,
      },
    ];
    this.receiver = createPrometheusScrape(
      { jobs },
      {
        ...this.recording.deps,
        schedule: this.timers.schedule,
        ...deps,
      },
    );
    t.after(() => this.receiver.stop());
  }

  /** Scrapes once more and gives `name{labels} value` of every sample. */
  async scrape(): Promise<string[]> {
    this.timers.fire(this.timers.waiting.some((w) => w.ms === 0) ? 0 : INTERVAL_MS);
    const before = this.recording.counts.length;
    await ended(() => this.recording.counts.length > before && this.timers.waiting.length === 1);
    return rows(this.recording.batches.at(-1) as SampleBatch);
  }
}

/** Lets the event loop turn until the condition holds. */
async function ended(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'the scrape did not end within 10 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function rows({ index, count }: SampleBatch): string[] {
  return Array.from({ length: count }, (_, i) => {
    const { name, labels } = index.series[index.seriesIndex[i]!]!;
    const { job, instance, ...own } = labels;
    assert.ok(job && instance);
    return `${name}${JSON.stringify(own)} ${index.value[i]}`;
  });
}

test('a target is asked for OpenMetrics first; its samples come with up and its kin', async (t) => {
  let accept: string | undefined;
  const host = await target(t, (request, response) => {
    accept = request.headers.accept;
    assert.equal(request.url, '/metrics');
    response.setHeader('Content-Type', OPENMETRICS);
    response.end(
      '# TYPE a counter\na_total{x="1"} 5 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 1\n# EOF\n',
    );
  });
  const scraping = new Scraping(t, host, { labels: { env: 'demo' } });
  await scraping.receiver.start();
  assert.deepEqual(await scraping.scrape(), [
    'a_total{"x":"1","env":"demo"} 5',
    'up{"env":"demo"} 1',
    'scrape_duration_seconds{"env":"demo"} 0',
    'scrape_samples_scraped{"env":"demo"} 1',
    'scrape_samples_post_metric_relabeling{"env":"demo"} 1',
    'scrape_series_added{"env":"demo"} 1',
  ]);
  assert.equal(accept, 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5');
  const [batch] = scraping.recording.batches as SampleBatch[];
  assert.equal(batch?.index.series[0]?.labels.instance, host);
  assert.equal(batch?.index.exemplars.value.length, 1);
  assert.deepEqual(scraping.receiver.targets(), [
    { job: 'shop', instance: host, up: true, lastScrapeUnixNano: '1700000000000000000' },
  ]);
  assert.deepEqual(scraping.recording.counts, ['prometheus-scrape metrics accepted 6']);
});

test('the older text, compressed or not, is read when that is what the target speaks', async (t) => {
  const host = await target(t, (_request, response) => {
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.setHeader('Content-Encoding', 'gzip');
    response.end(gzipSync('a 1\n'));
  });
  const scraping = new Scraping(t, host);
  await scraping.receiver.start();
  assert.equal((await scraping.scrape())[0], 'a{} 1');
});

test('a series that vanishes ends with a marker, and so do all when the target goes down', async (t) => {
  let answer = 'a 1\nb 1\n';
  let status = 200;
  const host = await target(t, (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'text/plain' }).end(answer);
  });
  const scraping = new Scraping(t, host);
  await scraping.receiver.start();
  await scraping.scrape();
  answer = 'a 2\n';
  assert.deepEqual((await scraping.scrape()).slice(0, 3), ['a{} 2', 'b{} NaN', 'up{} 1']);
  status = 500;
  assert.deepEqual(await scraping.scrape(), [
    'a{} NaN',
    'up{} 0',
    'scrape_duration_seconds{} 0',
    'scrape_samples_scraped{} 0',
    'scrape_samples_post_metric_relabeling{} 0',
    'scrape_series_added{} 0',
  ]);
  assert.equal(scraping.receiver.targets()[0]?.lastError, 'the target answered 500, not 200');
  assert.equal((await scraping.scrape())[0], 'up{} 0');
  status = 200;
  assert.deepEqual((await scraping.scrape()).slice(0, 2), ['a{} 2', 'up{} 1']);
  assert.equal(scraping.receiver.targets()[0]?.lastError, undefined);
  assert.deepEqual(scraping.recording.warnings, ['a target cannot be scraped']);
});

test('markers that the store did not take come with the next scrape, at the time the series ended', async (t) => {
  let answer = 'a 1\nb 1\n';
  const host = await target(t, (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end(answer);
  });
  const scraping = new Scraping(t, host);
  await scraping.receiver.start();
  await scraping.scrape();
  answer = 'a 2\n';
  scraping.recording.refuse = new CollectorError('store-full', 'full');
  await scraping.scrape();
  assert.equal(scraping.recording.counts.at(-1), 'prometheus-scrape metrics refused 7 store-full');
  scraping.recording.refuse = undefined;
  const before = scraping.recording.now;
  scraping.recording.now += 15_000_000_000n;
  assert.deepEqual((await scraping.scrape()).slice(0, 2), ['a{} 2', 'b{} NaN']);
  const { index } = scraping.recording.batches.at(-1) as SampleBatch;
  assert.deepEqual([index.timeUnixNano[0], index.timeUnixNano[1]], [before + 15_000_000_000n, before]);
  assert.ok(!(await scraping.scrape()).some((row) => row.startsWith('b')));
});

test('a target that does not answer in time is down, and says so', async (t) => {
  const asked = Promise.withResolvers<void>();
  const host = await target(t, () => asked.resolve());
  const scraping = new Scraping(t, host);
  await scraping.receiver.start();
  scraping.timers.fire(0);
  await asked.promise;
  scraping.timers.fire(TIMEOUT_MS);
  await ended(() => scraping.recording.counts.length > 0);
  assert.equal(rows(scraping.recording.batches[0] as SampleBatch)[0], 'up{} 0');
  assert.equal(scraping.receiver.targets()[0]?.lastError, 'no complete answer within 5000 ms');
});

const down: [what: string, type: string, body: string, error: RegExp][] = [
  ['an exposition that was cut off', OPENMETRICS, 'a 1\n', /# EOF is missing/],
  ['an answer that is no metrics text', 'text/html', '<html>', /text\/html, which is no metrics text/],
  ['a line that cannot be read', 'text/plain', 'a 1\nb\n', /^line 2: the value is missing$/],
  ['an answer above the limit', 'text/plain', 'a 1\n'.repeat(1000), /more than 1000 bytes/],
];
for (const [what, type, body, error] of down) {
  test(`down, with nothing of it kept: ${what}`, async (t) => {
    const host = await target(t, (_request, response) => {
      response.writeHead(200, { 'Content-Type': type }).end(body);
    });
    const scraping = new Scraping(t, host, { maxBody: 1000 });
    await scraping.receiver.start();
    assert.equal((await scraping.scrape())[0], 'up{} 0');
    assert.match(scraping.receiver.targets()[0]?.lastError ?? '', error);
  });
}

const limits: [limit: keyof ScrapeJob, most: number, body: string, error: RegExp][] = [
  ['sampleLimit', 1, 'a 1\nb 1\n', /gives more than 1 samples/],
  ['labelLimit', 1, 'a 1\nb{x="1",y="2"} 1\n', /^line 2: b has 2 labels, more than 1$/],
  [
    'labelNameLengthLimit',
    1,
    'a{xy="1"} 1\n',
    /^line 1: a label of a has a name of 2 characters, more than 1$/,
  ],
  ['labelValueLengthLimit', 1, 'a{x="12"} 1\n', /^line 1: the label x of a has 2 characters, more than 1$/],
];
for (const [limit, most, body, error] of limits) {
  test(`down, with nothing of it kept: a scrape above ${limit}`, async (t) => {
    const host = await target(t, (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end(body);
    });
    const within = new Scraping(t, host, { [limit]: most + 1 });
    await within.receiver.start();
    assert.ok((await within.scrape()).includes('up{} 1'));
    const above = new Scraping(t, host, { [limit]: most });
    await above.receiver.start();
    assert.equal((await above.scrape())[0], 'up{} 0');
    assert.match(above.receiver.targets()[0]?.lastError ?? '', error);
  });
}

test('labels and timestamps of the target are honoured as the job says', async (t) => {
  const host = await target(t, (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end('a{env="own"} 1 1000\n');
  });
  const timeOf = (scraping: Scraping) => (scraping.recording.batches[0] as SampleBatch).index.timeUnixNano[0];
  const plain = new Scraping(t, host, { labels: { env: 'demo' } });
  await plain.receiver.start();
  assert.equal((await plain.scrape())[0], 'a{"exported_env":"own","env":"demo"} 1');
  assert.equal(timeOf(plain), 1_000_000_000n);
  const other = new Scraping(t, host, { labels: { env: 'demo' }, honorLabels: true, honorTimestamps: false });
  await other.receiver.start();
  assert.equal((await other.scrape())[0], 'a{"env":"own"} 1');
  assert.equal(timeOf(other), other.recording.now);
});

test('protobuf is asked for first where native histograms are wanted, and read', async (t) => {
  let accept: string | undefined;
  const host = await target(t, (request, response) => {
    accept = request.headers.accept;
    response.setHeader(
      'Content-Type',
      'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
    );
    // {name: "a", type: GAUGE, metric: [{gauge: {value: 1}}]}, behind its length.
    response.end(Buffer.from('12' + '0a0161' + '1801' + '220b' + '1209' + '09000000000000f03f', 'hex'));
  });
  const scraping = new Scraping(t, host, { nativeHistograms: true });
  await scraping.receiver.start();
  assert.equal((await scraping.scrape())[0], 'a{} 1');
  assert.match(
    accept ?? '',
    /^application\/vnd\.google\.protobuf;proto=io\.prometheus\.client\.MetricFamily;encoding=delimited,/,
  );
});

test('a target that cannot be reached says why', async (t) => {
  const scraping = new Scraping(t, '127.0.0.1:1');
  await scraping.receiver.start();
  assert.equal((await scraping.scrape())[0], 'up{} 0');
  assert.match(scraping.receiver.targets()[0]?.lastError ?? '', /ECONNREFUSED|bad port/);
});

test('the first scrapes of several targets are spread over the interval', async (t) => {
  const recording = new Recording();
  const timers = new ManualSchedule();
  const job = { path: '/metrics', interval: 15, timeout: 5, labels: {} };
  const receiver = createPrometheusScrape(
    {
      jobs: [
        { ...job, job: 'a', targets: ['a:1', 'b:2'] },
        { ...job, job: 'c', targets: ['http://c/other'] },
      ],
    },
    { ...recording.deps, schedule: timers.schedule },
  );
  t.after(() => receiver.stop());
  await receiver.start();
  assert.deepEqual(
    timers.waiting.map((w) => w.ms),
    [0, 5000, 10_000],
  );
  assert.deepEqual(
    receiver.targets().map((x) => x.instance),
    ['a:1', 'b:2', 'c:80'],
  );
});

test('stop ends the scrape that is under way and leaves no timer', async (t) => {
  const asked = Promise.withResolvers<void>();
  const host = await target(t, () => asked.resolve());
  const scraping = new Scraping(t, host);
  await scraping.receiver.start();
  scraping.timers.fire(0);
  await asked.promise;
  await scraping.receiver.stop();
  assert.equal(scraping.timers.waiting.length, 0);
  assert.equal(scraping.recording.batches.length, 0);
});
