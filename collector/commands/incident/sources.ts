import { INCIDENT_FORMATS, type IncidentFormat } from '../../correlate/share/formats.ts';
import { loadShared } from '../../correlate/share/load.ts';
import { newestIncidents, readIncident } from '../../correlate/stored-incidents.ts';
import type { Store } from '../../storage/store.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { RunningApi } from '../source.ts';
import type { IncidentHead } from './list.ts';

/** Incidents, wherever they are. Rejects with a CollectorError. */
export interface Incidents {
  list(): Promise<IncidentHead[]>;
  show(id: string, format: IncidentFormat): Promise<string>;
}

const TIMEOUT_MS = 30_000;

/** The incidents of a store. */
export function incidentsOfStore(store: Store): Incidents {
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
export function incidentsOfApi(api: RunningApi): Incidents {
  return {
    list: async () => {
      const question = { path: 'api/v1/incidents', timeoutMs: TIMEOUT_MS };
      const isList = ({ incidents }: Readonly<Record<string, unknown>>) => Array.isArray(incidents);
      const { incidents } = await api.json<{ incidents: IncidentHead[] }>(question, 'incidents', isList);
      return incidents;
    },
    show: (id, format) => {
      const path = `api/v1/incidents/${encodeURIComponent(id)}`;
      return api.text({ path, query: { format }, timeoutMs: TIMEOUT_MS });
    },
  };
}
