import { counted, span } from '../format.ts';
import { terminalLine } from '../terminal.ts';
import { wrap } from '../text.ts';
import type { ComparisonLine, LineVerdict, ReleaseComparison, SideReport } from './comparison.ts';

const INDENT = 4;
/** Lines that one comparison, and one note, may take. */
const STATEMENT_LINES = 4;

/** What is told of each verdict, and how many comparisons of it at the most. */
const SECTIONS: readonly { verdicts: LineVerdict[]; title: string; most: number }[] = [
  { verdicts: ['worse'], title: 'Worse', most: 30 },
  { verdicts: ['unknown'], title: 'Not enough data to tell', most: 12 },
  { verdicts: ['better'], title: 'Better', most: 12 },
  { verdicts: ['more', 'less'], title: 'Different, which is neither better nor worse', most: 20 },
  { verdicts: ['not worse'], title: 'Not worse, perhaps better', most: 12 },
  { verdicts: ['same'], title: 'The same, within the tolerance', most: 12 },
];

/** The comparison for a terminal: what decides first, at most some 250 lines of 100 columns. */
export function renderComparisonText(report: ReleaseComparison): string {
  const isTold = ({ gates, verdict }: ComparisonLine) => gates || verdict === 'more' || verdict === 'less';
  const told = report.lines.filter(isTold);
  const rest = report.lines.length - told.length;
  const quiet = `No difference can be told in ${counted(rest, 'other comparison')} of requests, calls and log lines.`;
  const lines = [
    ...wrap(report.reason, 0, 3),
    ...wrap(`a  ${sideText(report.a)}`, 3, 3),
    ...wrap(`b  ${sideText(report.b)}`, 3, 3),
    ...SECTIONS.flatMap((section) => sectionLines(section, told)),
    ...(rest > 0 ? ['', ...wrap(quiet, 0, 2)] : []),
    ...(report.notes.length === 0 ? [] : ['', 'Not compared']),
    ...report.notes.slice(0, 12).flatMap((note) => wrap(`  ${note}`, INDENT, STATEMENT_LINES)),
  ];
  return `${lines.map(terminalLine).join('\n')}\n`;
}

function sideText({ conditions, fromUnixNano, toUnixNano, n }: SideReport): string {
  const [from, to] = [BigInt(fromUnixNano), BigInt(toUnixNano)];
  const names = conditions.map(({ key, value }) => `${key}=${value}`).join(' and ') || 'all requests';
  return `${names}, ${secondOf(from)} to ${secondOf(to)} (${span(Number(to - from) / 1e9)}), ${counted(n, 'request')}`;
}

function secondOf(unixNano: bigint): string {
  return `${new Date(Number(unixNano / 1_000_000n)).toISOString().slice(0, 19)}Z`;
}

function sectionLines(
  { verdicts, title, most }: (typeof SECTIONS)[number],
  lines: readonly ComparisonLine[],
): string[] {
  const members = lines.filter(({ verdict }) => verdicts.includes(verdict));
  if (members.length === 0) return [];
  const shown = members.slice(0, most);
  const more = members.length - shown.length;
  return [
    '',
    `${title} (${members.length})`,
    ...shown.flatMap((line) =>
      wrap(`  ${mark(line)}${line.statement}${traceText(line)}`, INDENT, STATEMENT_LINES),
    ),
    ...(more > 0 ? [`    and ${more} more: --json has all.`] : []),
  ];
}

/** What decides is marked, and so is what differs in which direction. */
function mark({ verdict, required }: ComparisonLine): string {
  if (verdict === 'more' || verdict === 'less') return verdict === 'more' ? '↑ ' : '↓ ';
  return required ? '* ' : '';
}

/** A trace to open beside what is worse. */
function traceText({ verdict, references: [first] }: ComparisonLine): string {
  return verdict === 'worse' && first?.kind === 'trace' ? ` trace_id=${first.traceId}` : '';
}
