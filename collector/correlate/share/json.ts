import type { RenderIncident } from './shared-incident.ts';

/** Changes when a reader of the document would have to. Additional keys are no change. */
export const INCIDENT_SCHEMA = 'go-sre.incident/v1';

/** The incident as a document for programs; numbers that are none become null. */
export const renderIncidentJson: RenderIncident = ({ incident, ...rest }) =>
  `${JSON.stringify({ schema: INCIDENT_SCHEMA, incident, ...rest }, null, 2)}\n`;
