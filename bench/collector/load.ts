// The sender of bench/peers/telemetry-load: OTLP requests from memory, as fast as they are answered, in a process of
// its own, so that its work is none of what is measured.
import { join } from 'node:path';
import type { BenchDeps } from '../bench.ts';
import { type Conversation, converse, runCommand } from '../processes.ts';
import { buildPeer } from '../service.ts';

/** What is sent; without a number the sender's own choice. */
export interface Load {
  signal?: 'traces' | 'logs';
  format?: 'protobuf' | 'json';
  gzip?: boolean;
  /** Spans or log records of a request. */
  records: number;
  requests: number;
  /** Requests under way at once. */
  connections?: number;
  /** Services that take turns. */
  services?: number;
  /** Records a second at the most. */
  rate?: number;
}

/** What came of it. */
export interface LoadResult {
  requests: number;
  /** Records of the requests that were answered with 200. */
  records: number;
  /** Of all bodies, as they were sent. */
  bytes: number;
  seconds: number;
  recordsASecond: number;
  /** Milliseconds from the first byte of a request to the last of its answer. */
  p50Ms: number;
  p99Ms: number;
  worstMs: number;
  byStatus: Record<string, number>;
  /** Some of the traces that were acknowledged; none of compressed requests. */
  traceIds: string[];
}

/** Builds the sender; answers its path. */
export async function buildLoad(deps: BenchDeps): Promise<string> {
  const binary = join(deps.folder, 'telemetry-load');
  await buildPeer('telemetry-load', binary, deps);
  return binary;
}

/** Has the requests made; nothing is sent before `send` is called. */
export async function prepareLoad(
  binary: string,
  addr: string,
  load: Load,
  deps: BenchDeps,
): Promise<{ send(): Promise<LoadResult>; stop(): Promise<void> }> {
  const { gzip = false, ...others } = load;
  const flags = Object.entries({ addr, ...others }).map(([name, value]) => `-${name}=${value}`);
  const sender: Conversation = await converse({
    command: binary,
    args: [...flags, ...(gzip ? ['-gzip'] : [])],
    env: deps.env,
    signal: deps.signal,
  });
  return { send: async () => (await sender.ask({})) as LoadResult, stop: sender.stop };
}

/** Writes a file of so many of zap's JSON lines. */
export async function writeLines(
  binary: string,
  path: string,
  count: number,
  deps: BenchDeps,
): Promise<void> {
  const args = ['-lines', path, '-records', String(count)];
  await runCommand({ command: binary, args, env: deps.env, signal: deps.signal });
}
