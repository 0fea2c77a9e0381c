// From a fault to the notification, and from the service to every panel: an emitted service under load, its own rules in a real
// Prometheus, its own routes in a real Alertmanager.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../helpers/until.ts';
import type { E2eDeps, E2eResult } from '../run.ts';
import { backtest } from './backtest.ts';
import { Cleanup } from './cleanup.ts';
import { type HeldAlert, type Prometheus, startAlertmanager, startPrometheus } from './monitoring.ts';
import { panelQueries } from './panels.ts';
import { startShop } from './shop.ts';
import { startWebhook, type ToldAlert } from './webhook.ts';

/** Long enough for every recorded series, of which some come every five minutes. */
const recordedMs = 12 * 60_000;
const pageMs = 8 * 60_000;
const resolvedMs = 25 * 60_000;
const faulty = 'get-shipping-zip-availability';
const root = join(import.meta.dirname, '../../..');

export const parts = ['alerts', 'backtest', 'dashboards'] as const;

export async function runSlo({ folder, signal, skip, tell }: E2eDeps): Promise<E2eResult> {
  const cleanup = new Cleanup();
  signal.addEventListener('abort', () => cleanup.run());
  try {
    const called = await startWebhook(cleanup);
    tell('building the service');
    const shop = await startShop(folder, 'http://127.0.0.1:1', cleanup);
    const ops = join(shop.folder, 'ops');
    mkdirSync(join(folder, 'monitoring'));
    const alertmanager = await startAlertmanager(
      { config: join(ops, 'alertmanager/alertmanager.yaml'), folder: join(folder, 'monitoring'), called },
      cleanup,
    );
    const prometheus = await startPrometheus(
      {
        rules: [join(ops, 'prometheus/rules.yaml')],
        ...{ folder: join(folder, 'monitoring'), job: 'shop', target: shop.adminAddr },
        alertmanager: alertmanager.address,
      },
      cleanup,
    );
    const problems: string[] = [];
    const figures: Record<string, number> = {};
    const rows: string[][] = [];
    tell('waiting until budgets are recorded');
    await until('every objective has a budget', recordedMs, async () => {
      const left = await prometheus.query('count(slo:budget_left:ratio)');
      return left[0] && left[0].value > 0 ? left : undefined;
    });
    const early = (await alertmanager.alerts()).filter(isBurn);
    figures.falsePages = early.length;
    if (early.length > 0) problems.push(`alerts fired before the fault: ${early.map(nameOf).join(', ')}`);
    if (!skip.includes('alerts')) {
      const seconds = await alertsOf({ shop, called, alertmanager, tell, problems, figures });
      rows.push(...Object.entries(seconds).map(([what, value]) => [what, `${value.toFixed(0)} s`]));
    }
    if (!skip.includes('alerts') && !skip.includes('backtest')) {
      const found = [...backtest(shop.folder, prometheus.url)].filter(([, tiers]) => tiers.length > 0);
      if (found.length !== 1 || found[0]![0] !== faulty || !found[0]![1].includes('page-1h'))
        problems.push(`the backtest tells other alerts: ${JSON.stringify(found)}`);
    }
    if (!skip.includes('dashboards')) Object.assign(figures, await dashboardsOf(ops, prometheus, problems));
    return {
      tables: rows.length > 0 ? [{ head: ['from the fault to', 'time'], rows }] : [],
      problems,
      figures,
      passed: problems.length === 0,
    };
  } finally {
    await cleanup.run();
  }
}

interface Stage {
  shop: Awaited<ReturnType<typeof startShop>>;
  called: Awaited<ReturnType<typeof startWebhook>>;
  alertmanager: Awaited<ReturnType<typeof startAlertmanager>>;
  tell: (line: string) => void;
  problems: string[];
  figures: Record<string, number>;
}

/** Breaks what is behind one route, and follows the alert to its end. Seconds from the fault. */
async function alertsOf(stage: Stage): Promise<Record<string, number>> {
  const { shop, called, alertmanager, tell, problems, figures } = stage;
  const began = performance.now();
  const since = () => (performance.now() - began) / 1000;
  const told = (receiver: string, status: ToldAlert['status']) =>
    called.told(receiver).filter((alert) => alert.status === status && alert.labels.slo === faulty);
  shop.breakShipping(true);
  tell('the service behind /shipping fails');
  await until('a page is sent', pageMs, async () => told('page', 'firing')[0]);
  const paged = since();
  const [page] = told('page', 'firing');
  if (page!.labels.burnrate_tier !== 'page-1h') problems.push(`the page is ${JSON.stringify(page!.labels)}`);
  tell('paged; waiting for the lower tiers');
  const inhibited = await until('a lower tier is inhibited', pageMs, async () => {
    const held = (await alertmanager.alerts()).filter((alert) => alert.labels.slo === faulty);
    const silent = held.filter(({ status }) => status.inhibitedBy.length > 0);
    return silent.length > 0 ? silent : undefined;
  });
  if (!inhibited.every(({ labels }) => labels.burnrate_tier !== 'page-1h'))
    problems.push('the gravest tier is inhibited itself');
  const lower = told('page', 'firing').filter(({ labels }) => labels.burnrate_tier !== 'page-1h');
  if (lower.length > 0 || told('ticket', 'firing').length > 0)
    problems.push(`lower tiers were told beside the page: ${lower.map(nameOf).join(', ')}`);
  figures.inhibited = inhibited.length;
  shop.breakShipping(false);
  const mended = since();
  tell('mended; waiting for the end of the page');
  await until('the page is resolved', resolvedMs, async () => told('page', 'resolved')[0]);
  const others = called
    .told('page')
    .filter(({ labels }) => labels.slo !== faulty && labels.slo !== undefined);
  if (others.length > 0) problems.push(`other objectives paged: ${others.map(nameOf).join(', ')}`);
  figures.pageSeconds = Math.round(paged);
  figures.resolvedSeconds = Math.round(since() - mended);
  return { 'the page': paged, 'the end of the fault': mended, 'the end of the page': since() };
}

/** Asks every panel of every dashboard. */
async function dashboardsOf(
  ops: string,
  prometheus: Prometheus,
  problems: string[],
): Promise<Record<string, number>> {
  const folders = [join(ops, 'grafana'), join(ops, 'perses'), join(root, 'dashboards/fleet')];
  const queries = panelQueries(folders, { slo: faulty, route: '.*', service: 'shop' });
  const panels = new Map<string, number>();
  for (const { dashboard, panel, expr } of queries) {
    const name = `${dashboard}: ${panel}`;
    panels.set(name, (panels.get(name) ?? 0) + (await prometheus.query(expr)).length);
  }
  const empty = [...panels].filter(([, series]) => series === 0).map(([name]) => name);
  for (const name of empty) problems.push(`no series: ${name}`);
  return { panels: panels.size, emptyPanels: empty.length };
}

function isBurn({ labels }: HeldAlert): boolean {
  return labels.alertname === 'SloBurnRate';
}

function nameOf({ labels }: Pick<HeldAlert, 'labels'>): string {
  return `${labels.slo} ${labels.burnrate_tier}`;
}
