// A real collector in this process, on ports and in a folder of its own, and the spans of one request to send to it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { validateConfig } from '../../collector/config.ts';
import { type RunningCollector, run } from '../../collector/main.ts';
import { systemClock } from '../../collector/telemetry/clock.ts';

/** Ids of the request that `spansJson` describes: its trace, its server span, the Redis call below it. */
export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
export const SERVER = '00f067aa0ba902b7';
export const CLIENT = 'b7ad6b7169203331';

/** A folder that goes with the test. */
export function folderOf(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-collector-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a collector whose store is in `folder`; it is stopped with the test. */
export async function startCollector(
  t: TestContext,
  folder: string,
  receivers: unknown,
  consoleDir = join(folder, 'no-console'),
): Promise<RunningCollector> {
  const { config, problems } = validateConfig({
    listen: { otlpHttpPort: 0, otlpGrpcPort: 0, apiPort: 0 },
    store: { path: join(folder, 'telemetry.sqlite') },
    receivers,
  });
  assert.ok(config, JSON.stringify(problems));
  const collector = await run(config, {
    clock: systemClock,
    log: pino({ level: 'silent' }),
    version: 'test',
    consoleDir,
    baseDir: folder,
  });
  t.after(collector.stop);
  return collector;
}

/** OTLP/JSON of a request that began at `nowMs`, took 2.3 s and waited 2.19 s for Redis. */
export function spansJson(nowMs: number): string {
  const at = (ms: number) => `${nowMs + ms}000000`;
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
  const spans = [
    {
      ...{ traceId: TRACE, spanId: SERVER, name: 'GET /api/v2/verify', kind: 2, status: { code: 2 } },
      ...{ startTimeUnixNano: at(0), endTimeUnixNano: at(2300), traceState: 'ot=th:8' },
      attributes: [text('http.route', '/api/v2/verify'), text('http.request.method', 'GET')],
    },
    {
      ...{ traceId: TRACE, spanId: CLIENT, parentSpanId: SERVER, name: 'GET', kind: 3 },
      ...{ startTimeUnixNano: at(10), endTimeUnixNano: at(2200) },
      attributes: [text('db.system.name', 'redis'), text('db.operation.name', 'GET')],
    },
  ];
  const resource = { attributes: [text('service.name', 'shop')] };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
}

/** Posts OTLP/JSON spans. */
export async function sendSpans(port: number, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`http://127.0.0.1:${port}/v1/traces`, { method: 'POST', headers, body });
}
