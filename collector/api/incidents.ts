import { INCIDENT_FORMAT_NAMES, INCIDENT_FORMATS } from '../correlate/share/formats.ts';
import { loadShared } from '../correlate/share/load.ts';
import { newestIncidents, readIncident } from '../correlate/stored-incidents.ts';
import { CollectorError } from '../telemetry/errors.ts';
import type { Handler } from './deps.ts';
import { documentOf, READ_TIMEOUT_MS } from './document.ts';
import { oneOf } from './params.ts';
import type { IncidentsBody } from './types.ts';

/** GET /api/v1/incidents: what is and was wrong, newest first. */
export const listIncidents: Handler = async (_request, deps): Promise<IncidentsBody> => {
  const { matched, incidents } = await newestIncidents(deps.store);
  return {
    matched,
    incidents: incidents.map(({ findings: _findings, ...head }) => head),
  };
};

/** GET /api/v1/incidents/:id: one incident with its evidence; with `format`, a document of it to share. */
export const getIncident: Handler = async (request, deps) => {
  const id = request.params['id'] ?? '';
  const asked =
    request.query['format'] === undefined
      ? undefined
      : oneOf(request, 'format', INCIDENT_FORMAT_NAMES, 'json');
  const incident = await readIncident(deps.store, id);
  if (!incident)
    throw new CollectorError('not-found', `No incident ${id} is stored; /api/v1/incidents lists them.`);
  if (asked === undefined) return incident;
  const options = { signal: request.signal, timeoutMs: READ_TIMEOUT_MS };
  const shared = await loadShared(incident, deps.store, options);
  return documentOf(asked, INCIDENT_FORMATS[asked].render(shared));
};
