import { MECHANISMS } from './confidence.ts';
import type { EvidenceKind, Finding, FindingTable, Incident, Reference } from './incident.ts';
import { costText, lackedText, lastingOf, subjectOf } from './share/facts.ts';
import { terminalLine } from './terminal.ts';

/** A terminal's width and one screen and a half: what is read without scrolling far. */
const COLUMNS = 100;
const LINES = 60;
const INDENT = 4;
/** Lines that one finding may take. */
const FINDING_LINES = 4;
/** Columns that a cell of a table takes at the most, but the last. */
const CELL = 28;

/** What each kind of evidence is called in every format. */
export const EVIDENCE_TITLES: Record<EvidenceKind, string> = {
  symptom: 'Symptom',
  suspects: 'Which service',
  onset: 'Onset',
  exemplars: 'Exemplars',
  difference: 'Difference',
  where: 'Where in the trace',
  logs: 'Log line',
  'retry-storm': 'Retries',
  pool: 'Connection pool',
  profiles: 'Profiles',
  alternatives: 'Alternatives',
};

/** The incident for a terminal: verdict first, then the chain of evidence; at most 60 lines of 100 columns. */
export function renderIncidentText(incident: Incident): string {
  const chain = incident.findings.filter((found) => found.kind !== 'alternatives');
  const others = incident.findings.filter((found) => found.kind === 'alternatives');
  const lines = [
    ...wrap(incident.title, 0, 2),
    ...wrap(`${incident.state} ${incident.id}, ${subjectOf(incident)}`, 0, 2),
    lastingOf(incident),
    '',
    ...wrap(`Verdict     ${incident.verdict}`, 12, 6),
    ...wrap(`Not known   ${incident.unknown}`, 12, 3),
    ...(lackedText(incident) === '' ? [] : wrap(`Lacked      ${lackedText(incident)}`, 12, 3)),
    ...wrap(`Confidence  ${incident.confidence.tier}: ${incident.confidence.reason}`, 12, 3),
    ...wrap(`Harm        ${incident.harm}`, 12, 2),
    ...(incident.budgetCost ?? [])
      .slice(0, 2)
      .flatMap((cost) => wrap(`Budget      ${costText(cost)}`, 12, 2)),
    ...wrap(`Try first   ${incident.tryFirst}`, 12, 2),
    '',
    ...chain.flatMap((found, i) => findingLines(found, i + 1)),
    ...(others.length === 0 ? [] : [`${chain.length + 1}. ${EVIDENCE_TITLES.alternatives}`]),
    ...others.flatMap((found) =>
      wrap(
        `${' '.repeat(INDENT)}${mark(found)}${found.statement}`,
        INDENT + 2,
        found.outcome === 'untested' ? 1 : 2,
      ),
    ),
  ];
  const left = lines.length - LINES + 1;
  const fitting =
    left <= 1
      ? lines
      : [...lines.slice(0, LINES - 1), `… ${left} more lines: Markdown and the console show all.`];
  return `${fitting.map(terminalLine).join('\n')}\n`;
}

function findingLines(found: Finding, number: number): string[] {
  const refuted = MECHANISMS.includes(found.kind) ? ' (does not apply)' : ' (does not hold)';
  if (found.outcome === 'untested')
    return wrap(`${number}. ${EVIDENCE_TITLES[found.kind]}: ${uncapital(found.statement)}`, 0, 1);
  const state = found.outcome === 'refuted' ? refuted : '';
  const references = found.references.filter((reference) => reference.kind === 'log').slice(0, 1);
  return [
    `${number}. ${EVIDENCE_TITLES[found.kind]}${state}`,
    ...wrap(`${' '.repeat(INDENT)}${found.statement}`, INDENT, FINDING_LINES),
    ...(found.kind === 'suspects' && found.table ? tableLines(found.table) : []),
    ...references.flatMap((reference) => wrap(`${' '.repeat(INDENT)}${logText(reference)}`, INDENT, 2)),
  ];
}

/** Rows of a table, each on one line, where what is most to the right is cut; and what it shows of how many. */
function tableLines({ columns, rows, caption = '' }: FindingTable): string[] {
  if (rows.length === 0) return [];
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.cells)];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => [...(row[i] ?? '')].length)));
  const lines = cells.map((row) => {
    const padded = columns.map(({ align }, i) => {
      const [text, width] = [row[i] ?? '', Math.min(CELL, widths[i]!)];
      return align === 'right' ? text.padStart(width) : text.padEnd(width);
    });
    return cut(`${' '.repeat(INDENT)}${padded.join('  ').trimEnd()}`);
  });
  return caption === '' ? lines : [...lines, ...wrap(`${' '.repeat(INDENT)}${caption}`, INDENT, 1)];
}

function cut(line: string): string {
  return line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line;
}

function uncapital(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function logText(reference: Extract<Reference, { kind: 'log' }>): string {
  return `${reference.label} trace_id=${reference.traceId}`;
}

function mark(found: Finding): string {
  if (found.outcome === 'refuted') return '- ';
  return found.outcome === 'holds' ? '! ' : '? ';
}

/** Breaks text at spaces; the lines after the first are indented; what exceeds `limit` lines ends in an ellipsis. */
export function wrap(text: string, indent: number, limit: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    if (current !== '' && current.length + 1 + word.length > COLUMNS) {
      lines.push(current);
      current = ' '.repeat(indent) + word;
    } else {
      current = current === '' ? word : `${current} ${word}`;
    }
  }
  lines.push(current);
  const short = lines.map(cut);
  if (short.length <= limit) return short;
  const last = short[limit - 1]!;
  return [...short.slice(0, limit - 1), `${last.slice(0, COLUMNS - 2).replace(/[ ,.;:]+$/, '')} …`];
}
