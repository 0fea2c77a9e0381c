import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { samplingSchema } from '../../../slo/index.ts';
import { readSamplingQuestion, type SamplingTexts } from '../../correlate/sampling/question.ts';
import { type SamplingReport, samplingReport } from '../../correlate/sampling/report.ts';
import { openEmbeddedStore } from '../../storage/embedded/store.ts';
import type { Store } from '../../storage/store.ts';
import type { Clock } from '../../telemetry/clock.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { UsageProblem } from '../store/command.ts';

/** Nothing is evicted here, whatever its age: that is for the collector, which knows the limits. */
const NO_LIMITS = { retentionMs: 1e13, maxBytes: Number.MAX_SAFE_INTEGER };
/** The store in a folder that is named in its place. */
const STORE_FILE = 'telemetry.sqlite';
/** A report over a day of many routes takes a while; a collector that says nothing for longer has gone. */
const TIMEOUT_MS = 120_000;

/** The report of a store that no collector has open; the newest record is its now. Throws CollectorError. */
export async function reportFromStore(
  file: string,
  texts: SamplingTexts,
  { baseDir, clock, tell }: { baseDir: string; clock: Clock; tell(line: string): void },
): Promise<SamplingReport> {
  const named = resolve(baseDir, file);
  const isFolder = statSync(named, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const path = isFolder ? join(named, STORE_FILE) : named;
  // Opening would make an empty store, which is not what was asked for.
  if (!existsSync(path)) throw new CollectorError('store-failed', `There is no store ${path}.`);
  const store = await openEmbeddedStore({ path, ...NO_LIMITS }, { clock, warn: (message) => tell(message) });
  try {
    const nowUnixNano = (await newestRecord(store)) ?? clock();
    const nameOf = (parameter: string) => `--${parameter.replaceAll('_', '-')}`;
    const question = readSamplingQuestion(texts, { nowUnixNano, nameOf });
    return await samplingReport(store, question, { signal: new AbortController().signal });
  } finally {
    await store.close();
  }
}

async function newestRecord(store: Store): Promise<bigint | undefined> {
  const { signals } = await store.status();
  const times = Object.values(signals).flatMap(({ newestUnixNano }) => newestUnixNano ?? []);
  if (times.length === 0) return undefined;
  // The end of a range is exclusive.
  return times.reduce((newest, at) => (at > newest ? at : newest)) + 1n;
}

/** The report of a running collector. Throws CollectorError with what it answered, or why it did not. */
export async function reportFromApi(
  base: string,
  texts: SamplingTexts,
  deps: { fetch: typeof fetch },
): Promise<SamplingReport> {
  if (!/^https?:\/\//.test(base) || !URL.canParse(base))
    throw new UsageProblem(`--url ${base}: must be an http URL, such as http://127.0.0.1:4319`);
  const url = new URL('api/v1/sampling', base.endsWith('/') ? base : `${base}/`);
  for (const [name, text] of Object.entries(texts)) url.searchParams.set(name, text);
  const answer = await asked(url, deps);
  if (answer['schema'] === samplingSchema) return answer as unknown as SamplingReport;
  throw new CollectorError(
    'bad-data',
    `${url.origin} answers with no ${samplingSchema}: it is no collector, or one of another version.`,
  );
}

async function asked(url: URL, deps: { fetch: typeof fetch }): Promise<Record<string, unknown>> {
  let text: string;
  let status: number;
  try {
    const response = await deps.fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    [status, text] = [response.status, await response.text()];
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CollectorError(
      'internal',
      `${url.origin} does not answer (${why}). Start the collector, or name another with --url or a store with --data.`,
      { cause: error },
    );
  }
  const body = jsonOf(text);
  if (status === 200) return body;
  const { code, message } = (body['error'] ?? {}) as { code?: unknown; message?: unknown };
  const said = typeof message === 'string' ? message : `it answered with status ${status}.`;
  throw new CollectorError(code === 'bad-request' ? 'bad-request' : 'internal', `${url.origin}: ${said}`);
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
