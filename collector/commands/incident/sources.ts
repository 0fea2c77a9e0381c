import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { INCIDENT_FORMATS, type IncidentFormat } from '../../correlate/share/formats.ts';
import { loadShared } from '../../correlate/share/load.ts';
import { newestIncidents, readIncident } from '../../correlate/stored-incidents.ts';
import { openEmbeddedStore } from '../../storage/embedded/store.ts';
import type { Store } from '../../storage/store.ts';
import type { Clock } from '../../telemetry/clock.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { UsageProblem } from '../store/command.ts';
import type { IncidentHead } from './list.ts';

/** Where incidents are: a running collector, or a store that none has open. Rejects with a CollectorError. */
export interface Incidents {
  list(): Promise<IncidentHead[]>;
  show(id: string, format: IncidentFormat): Promise<string>;
}

/** Reading evicts nothing. */
const NO_LIMITS = { retentionMs: 1e13, maxBytes: Number.MAX_SAFE_INTEGER };
const STORE_FILE = 'telemetry.sqlite';
const TIMEOUT_MS = 30_000;

/** The incidents of a store, while `use` is under way; `data` is its folder or its file. */
export async function withStore<T>(
  data: string,
  { baseDir, clock, tell }: { baseDir: string; clock: Clock; tell(line: string): void },
  use: (incidents: Incidents) => Promise<T>,
): Promise<T> {
  const given = resolve(baseDir, data);
  const path = existsSync(given) && statSync(given).isDirectory() ? join(given, STORE_FILE) : given;
  // Opening would make an empty store, which is not what was asked for.
  if (!existsSync(path)) throw new CollectorError('store-failed', `There is no store ${path}.`);
  const store = await openEmbeddedStore({ path, ...NO_LIMITS }, { clock, warn: (message) => tell(message) });
  try {
    return await use(incidentsOfStore(store));
  } finally {
    await store.close();
  }
}

function incidentsOfStore(store: Store): Incidents {
  return {
    list: async () => (await newestIncidents(store)).incidents,
    show: async (id, format) => {
      const incident = await readIncident(store, id);
      if (!incident) throw new CollectorError('not-found', `No incident ${id} is stored; list tells them.`);
      return INCIDENT_FORMATS[format].render(await loadShared(incident, store, {}));
    },
  };
}

/** The incidents of a running collector. */
export function incidentsOfApi(base: string, deps: { fetch: typeof fetch }): Incidents {
  if (!/^https?:\/\//.test(base) || !URL.canParse(base))
    throw new UsageProblem(`--url ${base}: must be an http URL, such as http://127.0.0.1:4319`);
  const root = base.endsWith('/') ? base : `${base}/`;
  return {
    list: async () => {
      const body = jsonOf(await asked(new URL('api/v1/incidents', root), deps));
      const { incidents } = (body ?? {}) as { incidents?: IncidentHead[] };
      if (Array.isArray(incidents)) return incidents;
      throw new CollectorError('bad-data', `${root} answers with no incidents: it is no collector.`);
    },
    show: (id, format) => {
      const url = new URL(`api/v1/incidents/${encodeURIComponent(id)}`, root);
      url.searchParams.set('format', format);
      return asked(url, deps);
    },
  };
}

async function asked(url: URL, deps: { fetch: typeof fetch }): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await deps.fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await response.text();
  } catch (cause) {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const why = reason instanceof Error ? reason.message : String(reason);
    const message = `${url.origin} does not answer (${why}). Start the collector, name another with --url, or a store with --data.`;
    throw new CollectorError('internal', message, { cause });
  }
  if (response.ok) return text;
  const { error } = (jsonOf(text) ?? {}) as { error?: { message?: unknown } };
  const said =
    typeof error?.message === 'string' ? error.message : `it answered with status ${response.status}.`;
  throw new CollectorError(response.status === 404 ? 'not-found' : 'internal', `${url.origin}: ${said}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
