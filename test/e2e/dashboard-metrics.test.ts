// Every series that the dashboards ask for is one that a running service exposes, with the labels it is asked by.
// Redis and PostgreSQL are away: their clients must tell that too.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parser } from '@prometheus-io/lezer-promql';
import { planFleetDashboard } from '../../dashboards/index.ts';
import { alertSeries, label } from '../../slo/index.ts';
import { startShipping } from '../helpers/backends.ts';
import { folderOf } from '../helpers/collector.ts';
import { annotationQueries, dashboardQueries } from '../helpers/dashboard-queries.ts';
import { emitService, fullAnswers } from '../helpers/emitted-service.ts';
import { startService } from '../helpers/running-service.ts';

/** A metric that an expression reads, and the labels by which it selects and groups. */
type Selector = { name: string; labels: string[]; panel: string };

/** Metric name -> the label names of each of its series. */
type Exposed = ReadonlyMap<string, readonly ReadonlySet<string>[]>;

/** Where nobody listens: a port of the system for a protocol that nobody speaks any more (tcpmux). */
const away = '127.0.0.1:1';

/** Requests that bring forth the series which are there with traffic only, and what they answer. */
const requests: Readonly<Record<string, number>> = {
  '/orders/1': 404,
  '/api/v2/verify?session=a': 503,
  '/products/tea': 503,
  '/shipping/8001': 200,
};

test('the dashboards ask for nothing that the service does not expose', { timeout: 300_000 }, async (t) => {
  const service = join(folderOf(t), 'shop');
  await emitService(fullAnswers, service);
  const dashboards = ['shop', 'shop-slo'].map((name) =>
    readFileSync(join(service, `ops/grafana/${name}.json`), 'utf8'),
  );
  const rules = readFileSync(join(service, 'ops/prometheus/rules.yaml'), 'utf8');
  // Prometheus itself keeps the alerts.
  const recorded = (name: string) => name === alertSeries.alerts || rules.includes(`record: ${name}\n`);
  const exposed = parseMetrics(await scrapeAfterRequests(t, service));
  const asked = [...dashboards, planFleetDashboard().get('fleet.json')!].flatMap(selectorsOf);

  await t.test('each series is exposed, or recorded by the rules', () => {
    assert.ok(asked.length > 150, `${asked.length}`);
    assert.deepEqual(
      asked.filter(({ name }) => !exposed.has(name) && !recorded(name)),
      [],
    );
  });

  await t.test('each label that a panel selects or groups by is on a series of that name', () => {
    const byScraper: readonly string[] = [label.job, label.instance];
    const missing = asked.filter(({ name, labels }) => {
      const own = labels.filter((each) => !byScraper.includes(each));
      return exposed.get(name)?.some((series) => own.every((each) => series.has(each))) === false;
    });
    assert.deepEqual(missing, []);
    assert.ok(asked.some(({ labels }) => labels.includes(label.connectionState)));
  });
});

/** Builds the service, runs it, sends the requests and answers what /metrics says then. */
async function scrapeAfterRequests(t: TestContext, service: string): Promise<string> {
  const binary = join(folderOf(t), 'shop');
  const env = { ...process.env, GOFLAGS: '-tags=grpcnotrace', GOWORK: 'off' };
  execFileSync('go', ['build', '-o', binary, './cmd/shop'], { cwd: service, env, stdio: 'pipe' });
  const running = await startService(binary, `http://${away}`, {
    REDIS_ADDR: away,
    DATABASE_URL: `postgres://shop@${away}/shop`,
    SHIPPING_URL: await startShipping(t),
  });
  t.after(running.stop);
  for (const [path, status] of Object.entries(requests)) {
    const response = await fetch(`http://${running.addr}${path}`);
    assert.equal(response.status, status, `${path}: ${await response.text()}`);
  }
  return (await fetch(`http://${running.adminAddr}/metrics`)).text();
}

function selectorsOf(dashboard: string): Selector[] {
  const asked = [...dashboardQueries(dashboard), ...annotationQueries(dashboard)];
  return asked.flatMap(({ panel, expr }) => selectorsIn(expr, panel));
}

/** Labels of `by (…)` and `on (…)` stand before the selector that they are about. */
function selectorsIn(expr: string, panel: string): Selector[] {
  const found: Selector[] = [];
  let [grouping, end] = [[] as string[], 0];
  parser.parse(expr).iterate({
    enter: ({ name, from, to }) => {
      const text = expr.slice(from, to);
      if (name === 'VectorSelector') {
        found.push({ name: text.replace(/\{.*/s, ''), labels: grouping, panel });
        [grouping, end] = [[], to];
      } else if (name === 'LabelName') {
        (to <= end ? found.at(-1)!.labels : grouping).push(text);
      }
    },
  });
  return found;
}

/** Names and label names of all series of a text in the Prometheus format. */
function parseMetrics(text: string): Exposed {
  const found = new Map<string, Set<string>[]>();
  for (const line of text.split('\n')) {
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    const names = [...labels.matchAll(/(\w+)="(?:\\.|[^"\\])*"/g)].map((match) => match[1]!);
    found.set(name, [...(found.get(name) ?? []), new Set(names)]);
  }
  return found;
}
