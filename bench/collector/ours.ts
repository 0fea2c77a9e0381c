// Our collector as a bench starts it: built as it is published, copied away from the clone, in a process of its own.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatusBody } from '../../collector/api/types.ts';
import type { Signal } from '../../collector/telemetry/model.ts';
import { until } from '../../demo/wait.ts';
import { httpPath } from '../../slo/index.ts';
import { freePorts } from '../../test/helpers/ports.ts';
import type { BenchDeps } from '../bench.ts';
import { runCommand, startServer } from '../processes.ts';
import type { Subject } from './subject.ts';

const collector = join(import.meta.dirname, '../../collector');
const startedWithinMs = 30_000;

/** What a bench may set beside the ports and the store's path; all else is the default. */
export interface OursOptions {
  /** Of the configuration file, see docs/configuration.md. */
  config?: { store?: Record<string, unknown>; [section: string]: unknown };
  /** Flags of Node, such as --cpu-prof. */
  nodeFlags?: readonly string[];
  env?: Record<string, string>;
}

/** Ingest alone: what sealing costs later is a question of its own. */
export const withoutSealing = { store: { seal: { enabled: false } } };

/** Our collector, running. */
export interface Ours extends Subject {
  /** http://host:port of its API. */
  api: string;
  /** Where its files are. */
  folder: string;
  /** The store's file. */
  store: string;
}

/** Builds the package and copies what it publishes into the bench's folder; answers that folder. */
export async function buildOurs(deps: BenchDeps): Promise<string> {
  deps.tell('building our collector');
  const build = { command: process.execPath, args: ['build.ts'], cwd: collector };
  await runCommand({ ...build, env: deps.env, signal: deps.signal });
  const built = join(deps.folder, 'go-sre-collector');
  cpSync(join(collector, 'dist'), join(built, 'dist'), { recursive: true });
  cpSync(join(collector, 'package.json'), join(built, 'package.json'));
  return built;
}

/** Starts what `buildOurs` built with a store of its own in `folder`, and waits until it is ready. */
export async function startOurs(
  built: string,
  folder: string,
  { config = {}, nodeFlags = [], env = {} }: OursOptions,
  deps: BenchDeps,
): Promise<Ours> {
  mkdirSync(folder, { recursive: true });
  const [otlpHttpPort, apiPort] = await freePorts();
  const store = join(folder, 'telemetry.sqlite');
  const file = join(folder, 'config.json');
  const whole = {
    ...config,
    listen: { otlpHttpPort, otlpGrpcPort: 0, apiPort },
    store: { ...config.store, path: store },
  };
  writeFileSync(file, JSON.stringify(whole));
  const args = [...nodeFlags, join(built, 'dist/main.js'), '--config', file];
  const server = startServer({
    command: process.execPath,
    args,
    cwd: folder,
    env: { ...deps.env, ...env },
    signal: deps.signal,
  });
  const api = `http://127.0.0.1:${apiPort}`;
  const ready = until('the start of our collector', startedWithinMs, async () =>
    (await fetch(api + httpPath.ready)).ok ? true : undefined,
  );
  await Promise.race([ready, server.died]).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  const kept = async (signal: Signal) => (await statusOf(api)).signals[signal].kept;
  return { ...server, name: 'ours', otlp: `127.0.0.1:${otlpHttpPort}`, api, folder, store, kept };
}

/** What our collector says of itself. */
async function statusOf(api: string): Promise<StatusBody> {
  const response = await fetch(`${api}/api/v1/status`);
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as StatusBody;
}

/** What the file of a store holds. */
export interface Stored {
  records: number;
  /** Of them in sealed blocks. */
  sealed: number;
  /** Bytes of the file that hold something. */
  usedBytes: number;
  fileBytes: number;
}

/** Counts a signal's records in a store's file, whether a collector has it open or not. */
export function storedIn(path: string, signal: Signal): Stored {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const number = (sql: string, ...values: string[]) =>
      Number(Object.values(db.prepare(sql).get(...values) ?? {})[0] ?? 0);
    const page = number('PRAGMA page_size');
    const [pages, free] = [number('PRAGMA page_count'), number('PRAGMA freelist_count')];
    return {
      records: number('SELECT sum(count) FROM blocks WHERE signal = ?', signal),
      sealed: number('SELECT sum(count) FROM blocks WHERE signal = ? AND stage = 1', signal),
      usedBytes: (pages - free) * page,
      fileBytes: pages * page,
    };
  } finally {
    db.close();
  }
}
