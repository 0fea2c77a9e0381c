// A real Prometheus with the service's own rules and a real Alertmanager with its own routes; only what an owner must fill
// in (addresses) is filled in.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { startProgram } from '../../../demo/processes.ts';
import { freePort } from '../../helpers/ports.ts';
import { ensureTool } from '../../helpers/tools.ts';
import { until } from '../../helpers/until.ts';
import type { Cleanup } from './cleanup.ts';
import type { Called } from './webhook.ts';

const startMs = 60_000;

/** One series of an answer: its labels and its newest value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  readonly url: string;
  /** Series of an instant query now. @throws Error with Prometheus's own words */
  query(expr: string): Promise<readonly Sample[]>;
}

/** An alert that Alertmanager has now, and whether another one silences it. */
export interface HeldAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] };
}

export interface Alertmanager {
  readonly address: string;
  alerts(): Promise<readonly HeldAlert[]>;
}

/** Starts Alertmanager with the emitted file, whose receivers call `called`. */
export async function startAlertmanager(
  { config, folder, called }: { config: string; folder: string; called: Called },
  cleanup: Cleanup,
): Promise<Alertmanager> {
  const emitted = parse(readFileSync(config, 'utf8')) as { receivers: { name: string }[] };
  const receivers = emitted.receivers.map(({ name }) => ({
    name,
    webhook_configs: [{ url: called.url(name), send_resolved: true }],
  }));
  const file = join(folder, 'alertmanager.yaml');
  writeFileSync(file, stringify({ ...emitted, receivers }));
  const address = `127.0.0.1:${await freePort()}`;
  const program = startProgram({
    name: 'alertmanager',
    command: ensureTool('alertmanager'),
    args: [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ],
  });
  cleanup.after(() => program.stop());
  const get = async (path: string) => (await fetch(`http://${address}${path}`)).ok || undefined;
  await Promise.race([until('Alertmanager is ready', startMs, () => get('/-/ready')), program.died]);
  return {
    address,
    alerts: async () => (await (await fetch(`http://${address}/api/v2/alerts`)).json()) as HeldAlert[],
  };
}

/** Starts Prometheus, which scrapes `target` as job `job` every 15 s, evaluates `rules` and calls Alertmanager. */
export async function startPrometheus(
  setup: { rules: readonly string[]; folder: string; job: string; target: string; alertmanager: string },
  cleanup: Cleanup,
): Promise<Prometheus> {
  const file = join(setup.folder, 'prometheus.yml');
  const targets = (address: string) => [{ targets: [address] }];
  const config = {
    global: { scrape_interval: '15s', evaluation_interval: '15s' },
    rule_files: setup.rules,
    alerting: { alertmanagers: [{ static_configs: targets(setup.alertmanager) }] },
    scrape_configs: [{ job_name: setup.job, static_configs: targets(setup.target) }],
  };
  writeFileSync(file, stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const program = startProgram({
    name: 'prometheus',
    command: ensureTool('prometheus'),
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(setup.folder, 'prometheus')}`,
      `--web.listen-address=${address}`,
      '--enable-feature=exemplar-storage',
    ],
  });
  cleanup.after(() => program.stop());
  const ready = async () => (await fetch(`http://${address}/-/ready`)).ok || undefined;
  await Promise.race([until('Prometheus is ready', startMs, ready), program.died]);
  return { url: `http://${address}`, query: (expr) => query(address, expr) };
}

async function query(address: string, expr: string): Promise<readonly Sample[]> {
  const response = await fetch(`http://${address}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr }),
  });
  const answer = (await response.json()) as
    | { status: 'success'; data: { result: { metric: Record<string, string>; value?: [number, string] }[] } }
    | { status: 'error'; error: string };
  if (answer.status === 'error') throw new Error(`${answer.error}: ${expr}`);
  return answer.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value?.[1]) }));
}
