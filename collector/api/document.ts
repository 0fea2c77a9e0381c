import { INCIDENT_FORMATS, type IncidentFormat } from '../correlate/share/formats.ts';
import type { TextAnswer } from './deps.ts';

/** The document shows itself and nothing else: no script, no form, no address of the collector. */
const DOCUMENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";
/** Of the lead trace and of the log lines of a document, each. */
export const READ_TIMEOUT_MS = 10_000;

/** An incident that was written in a format, as an answer. */
export function documentOf(format: IncidentFormat, text: string): TextAnswer {
  const headers = format === 'html' ? { 'content-security-policy': DOCUMENT_POLICY } : {};
  return { contentType: INCIDENT_FORMATS[format].contentType, text, headers };
}
