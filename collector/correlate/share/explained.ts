import type { Explanation } from '../explain.ts';
import { terminalLine } from '../terminal.ts';
import { INCIDENT_FORMATS, type IncidentFormat } from './formats.ts';
import type { SharedIncident } from './shared-incident.ts';

/** An explanation with what a reader without the collector needs of its store. */
export type SharedExplanation = SharedIncident & Pick<Explanation, 'onset'>;

/** Writes an explanation in one format: its incident, and in JSON and text how the onset was found. */
export function renderExplained(format: IncidentFormat, shared: SharedExplanation): string {
  const text = INCIDENT_FORMATS[format].render(shared);
  return format === 'text' ? `${text}\n${onsetSentence(shared.onset)}\n` : text;
}

function onsetSentence({ found, about }: Explanation['onset']): string {
  if (found === 'given') return 'The onset was given.';
  // Telemetry must not act on the terminal.
  return `The onset was searched for: ${terminalLine(about)}.`;
}
