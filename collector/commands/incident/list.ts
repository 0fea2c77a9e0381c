import { counted, span } from '../../correlate/format.ts';
import type { Incident } from '../../correlate/incident.ts';
import { momentOf, subjectOf } from '../../correlate/share/facts.ts';
import { terminalLine } from '../../correlate/terminal.ts';

/** What a list needs of an incident; the API's list has it, too. */
export type IncidentHead = Pick<
  Incident,
  'id' | 'state' | 'service' | 'method' | 'route' | 'signal' | 'onsetUnixNano' | 'title' | 'confidence'
> &
  Partial<Pick<Incident, 'closedUnixNano' | 'durationSeconds' | 'where'>>;

/** Incidents for a terminal, two lines each. */
export function renderList(heads: readonly IncidentHead[]): string {
  if (heads.length === 0) return 'No incident is stored.\n';
  const lines = heads.map((head) => {
    const { id, state, onsetUnixNano, durationSeconds, confidence, title } = head;
    const lasted = durationSeconds === undefined ? '' : `, ${span(durationSeconds)}`;
    return [
      `${id}  ${state.padEnd(6)}  ${momentOf(onsetUnixNano)} UTC${lasted}  ${subjectOf(head)}  ${confidence.tier}`,
      `    ${title}`,
    ].map((line) => terminalLine(line));
  });
  return `${lines.flat().join('\n')}\n${counted(heads.length, 'incident')}\n`;
}
