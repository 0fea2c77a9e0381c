// Whether what the SDKs of four languages and telemetrygen send, by every protocol they have, is in the store.
import { join } from 'node:path';
import { runCommand } from '../../bench/processes.ts';
import { type Running, startProgram } from '../../demo/processes.ts';
import type { E2eDeps, E2eResult } from '../e2e/run.ts';
import type { Found, Installed, Sender, Task, Way } from './sender.ts';
import { senders } from './table.ts';

const root = join(import.meta.dirname, '../..');
/** Items of each signal in one run: several batches of most SDKs, and less than their queues hold. */
const COUNT = 1200;

interface Collector extends Running {
  api: string;
  http: string;
  grpc: string;
}

async function startCollector(folder: string): Promise<Collector> {
  const ports = ['--otlp-port', '0', '--otlp-grpc-port', '0', '--api-port', '0'];
  const args = ['collector/main.ts', ...ports, '--data', join(folder, 'telemetry.sqlite')];
  const running = startProgram({ name: 'collector', command: process.execPath, args, cwd: root });
  const line = await running.line((said) => said.startsWith('console and API'));
  const [api, http, grpc] = [...line.matchAll(/:(\d+)/g)].map((match) => `http://127.0.0.1:${match[1]}`);
  if (!api || !http || !grpc) throw new Error(`the collector says no ports: ${line}`);
  return { ...running, api, http, grpc };
}

type Row = [sender: string, way: string, traces: string, logs: string, metrics: string];

/** Runs every sender in every way; `skip` names those that may be missing. */
export async function runSenders({ folder, signal, skip, tell }: E2eDeps): Promise<E2eResult> {
  const collector = await startCollector(folder);
  const rows: Row[] = [];
  const problems: string[] = [];
  let ran = 0;
  let losses = 0;
  try {
    for (const [name, sender] of Object.entries(senders)) {
      if (skip.includes(name)) continue;
      const installed = got(name, sender, problems, tell);
      if (!installed) continue;
      for (const way of sender.ways) {
        tell(`${name} ${way.protocol} ${way.compression}`);
        const task = taskOf(name, way, collector);
        const results = await send(installed, task, collector.api, signal, problems);
        ran += results.size;
        for (const { sent, found } of results.values()) losses += sent - found;
        rows.push([name, `${way.protocol} ${way.compression}`, ...cells(results)]);
      }
    }
  } finally {
    await collector.stop();
  }
  const table = { head: ['sender', 'way', 'traces', 'logs', 'metrics'], rows };
  return {
    tables: [table],
    problems,
    figures: { senders: ran, losses },
    passed: losses === 0 && problems.length === 0,
  };
}

/** Installs a sender; one that cannot be had is a problem unless it was to be skipped. */
function got(
  name: string,
  sender: Sender,
  problems: string[],
  tell: (line: string) => void,
): Installed | undefined {
  try {
    tell(`${name}: getting it, which takes minutes the first time`);
    return sender.get();
  } catch (error) {
    problems.push(`${name} cannot be had (--skip ${name} goes on without it): ${messageOf(error)}`);
    return undefined;
  }
}

function taskOf(name: string, way: Way, collector: Collector): Task {
  const endpoint = way.protocol === 'grpc' ? collector.grpc : collector.http;
  const service = `${name}-${way.protocol}-${way.compression}`.replaceAll('/', '-');
  return { ...way, service, endpoint, count: COUNT };
}

/** Runs a task's programs and looks for what they sent. A program that fails has lost everything. */
async function send(
  { commands, found }: Installed,
  task: Task,
  api: string,
  signal: AbortSignal,
  problems: string[],
): Promise<Map<string, Found>> {
  const results = new Map<string, Found>();
  for (const { signals, run } of commands(task)) {
    const env = { ...process.env, ...run.env };
    try {
      const { stdout } = await runCommand({ ...run, env, signal });
      for (const what of signals) results.set(what, await found(api, what, task, stdout));
    } catch (error) {
      signal.throwIfAborted();
      problems.push(`${task.service}: ${messageOf(error)}`);
      for (const what of signals) results.set(what, { sent: task.count, found: 0, doubled: 0 });
    }
  }
  return results;
}

function cells(results: Map<string, Found>): [string, string, string] {
  const cell = (signal: string) => {
    const result = results.get(signal);
    if (!result) return '';
    const doubled = result.doubled > 0 ? `, ${result.doubled} doubled` : '';
    return `${result.found} of ${result.sent}${doubled}`;
  };
  return [cell('traces'), cell('logs'), cell('metrics')];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
