import { renderIncidentText } from '../text.ts';
import { renderIncidentHtml } from './html.ts';
import { renderIncidentJson } from './json.ts';
import { renderIncidentMarkdown } from './markdown.ts';
import type { RenderIncident } from './shared-incident.ts';

interface Format {
  render: RenderIncident;
  contentType: string;
  /** Of a file that holds it. */
  extension: string;
}

/** The formats in which an incident is shared. */
export const INCIDENT_FORMATS = {
  text: {
    render: ({ incident }) => renderIncidentText(incident),
    contentType: 'text/plain; charset=utf-8',
    extension: 'txt',
  },
  markdown: {
    render: renderIncidentMarkdown,
    contentType: 'text/markdown; charset=utf-8',
    extension: 'md',
  },
  json: {
    render: renderIncidentJson,
    contentType: 'application/json; charset=utf-8',
    extension: 'json',
  },
  html: { render: renderIncidentHtml, contentType: 'text/html; charset=utf-8', extension: 'html' },
} as const satisfies Record<string, Format>;

export type IncidentFormat = keyof typeof INCIDENT_FORMATS;

export const INCIDENT_FORMAT_NAMES = Object.keys(INCIDENT_FORMATS) as IncidentFormat[];
