import type { Finding } from '../finding.ts';
import { severities } from '../gate.ts';
import type { RenderReport, ReportMeta } from './report.ts';

const maxLineLength = 160;

/** For a person at a terminal: each finding with the line it is about and how to mend it, the count last. */
export const renderText: RenderReport = (findings, meta) => {
  const secret = new Set(findings.filter(isSecret).map(placeOf));
  const told = findings.map((finding) => `${tell(finding, meta, secret.has(placeOf(finding)))}\n`);
  const notes = meta.notes.map((note) => `note: ${note}\n`);
  return [...told, ...notes, `${summary(findings, meta)}\n`].join('');
};

/** Whether the line that a finding is about holds a secret, which has no place in a pipeline's log. */
function isSecret({ code }: Finding): boolean {
  return code.startsWith('secret-') || code === 'DL3064';
}

function placeOf({ file, line }: Finding): string {
  return line === undefined ? file : `${file}:${line}`;
}

function tell(finding: Finding, { cards, sources }: ReportMeta, secret: boolean): string {
  const { file, line, severity, code, message } = finding;
  const place = placeOf(finding);
  const source = line === undefined ? undefined : sources.get(file)?.[line - 1];
  const mend = cards.get(code)?.mend;
  return [
    `${place} ${severity} ${code}: ${message}`,
    ...(source === undefined ? [] : [`  ${line} | ${secret ? masked(source) : printable(source)}`]),
    ...(mend === undefined ? [] : [`  mend: ${mend}`]),
  ].join('\n');
}

/** A line of a file that may hold anything: control characters would reach the terminal. */
function printable(line: string): string {
  const clean = line.replaceAll('\t', '  ').replace(/\p{Cc}|\p{Cf}/gu, '�');
  return clean.length > maxLineLength ? `${clean.slice(0, maxLineLength)}…` : clean;
}

/** A line up to its first value. */
function masked(line: string): string {
  const start = /^[^=:\s]*\s*[^=:\s]*/.exec(printable(line))?.[0] ?? '';
  return `${start} …`;
}

function summary(findings: readonly Finding[], { checked, ignored }: ReportMeta): string {
  const where = `${checked} ${checked === 1 ? 'file' : 'files'}`;
  const off = ignored === 0 ? '' : `; ${ignored} switched off by comments`;
  if (findings.length === 0) return `No finding in ${where}${off}.`;
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  const word = findings.length === 1 ? 'finding' : 'findings';
  return `${findings.length} ${word} in ${where}: ${counts.join(', ')}${off}. Why, and more: go-sre check --explain CODE`;
}
