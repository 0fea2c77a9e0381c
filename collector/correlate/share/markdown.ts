import { clockTime } from '../format.ts';
import type { Finding, FindingTable } from '../incident.ts';
import { EVIDENCE_TITLES } from '../text.ts';
import { chartText, costText, countsOf, lackedText, lastingOf, outcomeText, subjectOf } from './facts.ts';
import { code, fenced, escapeMarkdown as md } from './markdown-escape.ts';
import type { RenderIncident, SharedIncident } from './shared-incident.ts';

/** GitHub takes 65,536 characters of an issue, GitLab a million. Source: https://github.com/peter-evans/create-issue-from-file/issues/1049 */
const MAX_LENGTH = 60_000;
/** Log lines and rows of a table: a ticket is read, the HTML file is searched. */
const LOG_LINES = 30;
const ROWS = 10;

/** The incident for a ticket, in the Markdown of GitHub and GitLab; findings that do not fit are counted at the end. */
export const renderIncidentMarkdown: RenderIncident = (shared) => {
  const { incident } = shared;
  const parts = [head(shared), ...incident.findings.map(findingPart), logsPart(shared)];
  let text = '';
  for (const [i, part] of parts.entries()) {
    if (text.length + part.length > MAX_LENGTH) {
      return `${text}\n_${parts.length - i} more parts do not fit into a ticket; the HTML file has them._\n`;
    }
    text += part;
  }
  return text;
};

function head({ incident, missing }: SharedIncident): string {
  const { tier, reason } = incident.confidence;
  const told: [name: string, text: string][] = [
    ['Verdict', incident.verdict],
    ['Not known', incident.unknown],
    ['Lacked', lackedText(incident)],
    ['Confidence', `${tier}: ${reason}`],
    ['Harm', incident.harm],
    ['Try first', incident.tryFirst],
    ['Runbook', incident.runbook ?? ''],
    ...(incident.budgetCost ?? []).map((cost): [string, string] => ['Budget', costText(cost)]),
    ...missing.map((sentence): [string, string] => ['Missing', sentence]),
  ];
  const lines = told.filter(([, text]) => text !== '').map(([name, text]) => `- **${name}**: ${md(text)}`);
  return [
    `# ${md(incident.title)}`,
    '',
    `**${incident.state}** ${code(incident.id)}, ${md(subjectOf(incident))}, ${md(lastingOf(incident))}`,
    '',
    ...lines,
    '',
  ].join('\n');
}

function findingPart(found: Finding, index: number): string {
  const outcome = outcomeText(found);
  const state = outcome === '' ? '' : ` (${outcome})`;
  const counts = countsOf(found);
  const lines = [
    '',
    `## ${index + 1}. ${EVIDENCE_TITLES[found.kind]}${state}`,
    '',
    `${md(found.statement)}${counts === '' ? '' : ` (${counts})`}`,
    ...found.charts.flatMap((chart) => ['', `Chart, ${md(chartText(chart))}.`]),
    ...(found.table ? ['', ...tableLines(found.table)] : []),
    ...traceLine(found),
    '',
  ];
  return lines.join('\n');
}

function tableLines({ columns, rows, caption }: FindingTable): string[] {
  if (columns.length === 0) return [];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const more = rows.length > ROWS ? [`${rows.length - ROWS} more rows.`] : [];
  const below = [...(caption ? [md(caption)] : []), ...more].join(' ');
  return [
    row(columns.map(({ title }) => md(title))),
    row(columns.map(({ align }) => (align === 'right' ? '--:' : ':--'))),
    ...rows.slice(0, ROWS).map(({ cells }) => row(columns.map((_, i) => md(cells[i] ?? '')))),
    ...(below === '' ? [] : ['', below]),
  ];
}

function traceLine({ references }: Finding): string[] {
  const ids = [...new Set(references.flatMap((one) => ('traceId' in one && one.traceId ? one.traceId : [])))];
  if (ids.length === 0) return [];
  const rest = ids.length > 3 ? ` and ${ids.length - 3} more` : '';
  return ['', `Traces: ${ids.slice(0, 3).map(code).join(', ')}${rest}`];
}

function logsPart({ logs, logsMatched }: SharedIncident): string {
  if (logs.length === 0) return '';
  const shown = logs.filter(({ isEvidence }) => isEvidence);
  const lines = (shown.length > 0 ? shown : logs).slice(0, LOG_LINES).map((line) => {
    const words = [clockTime(BigInt(line.timeUnixNano)), line.level, line.service, line.body, line.traceId];
    return words.filter((word) => word !== '').join(' ');
  });
  return ['', `## Log lines, ${lines.length} of ${logsMatched}`, '', fenced(lines), ''].join('\n');
}
