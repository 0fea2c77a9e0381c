import type { Severity } from '../rules/rule.ts';
import type { RenderReport } from './report.ts';

/** Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
const commands: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  info: 'notice',
  style: 'notice',
};

/** Workflow commands that put each finding beside its line in a pull request. */
export const renderGithub: RenderReport = (findings, { notes }) => {
  const told = findings.map(({ code, severity, message, file, line, endLine }) => {
    const place = [
      `file=${property(file)}`,
      ...(line === undefined ? [] : [`line=${line}`]),
      ...(endLine === undefined ? [] : [`endLine=${endLine}`]),
      `title=${property(code)}`,
    ];
    return `::${commands[severity]} ${place.join(',')}::${escaped(message)}\n`;
  });
  return [...told, ...notes.map((note) => `::notice::${escaped(note)}\n`)].join('');
};

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
