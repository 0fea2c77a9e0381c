import { newestIncidents, readIncident } from '../correlate/stored-incidents.ts';
import { renderIncidentText } from '../correlate/text.ts';
import { CollectorError } from '../telemetry/errors.ts';
import type { Handler } from './deps.ts';
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

/** GET /api/v1/incidents/:id: one incident with its evidence, as JSON or as text for a terminal. */
export const getIncident: Handler = async (request, deps) => {
  const format = oneOf(request, 'format', ['json', 'text'], 'json');
  const id = request.params['id'] ?? '';
  const incident = await readIncident(deps.store, id);
  if (!incident)
    throw new CollectorError('not-found', `No incident ${id} is stored; /api/v1/incidents lists them.`);
  if (format === 'json') return incident;
  return { contentType: 'text/plain; charset=utf-8', text: renderIncidentText(incident) };
};
