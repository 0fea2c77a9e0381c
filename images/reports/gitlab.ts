import type { Severity } from '../rules/rule.ts';
import { fingerprints } from './fingerprint.ts';
import type { RenderReport } from './report.ts';

/** Source of the words: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format */
const levels: Readonly<Record<Severity, string>> = {
  error: 'critical',
  warning: 'major',
  info: 'minor',
  style: 'info',
};

/** GitLab's code quality report, for `artifacts:reports:codequality`. */
export const renderGitlab: RenderReport = (findings, meta) => {
  const prints = fingerprints(findings, meta);
  const issues = findings.map(({ code, severity, message, file, line, endLine }, i) => ({
    description: message,
    check_name: code,
    fingerprint: prints[i],
    severity: levels[severity],
    location: { path: file, lines: { begin: line ?? 1, ...(endLine !== undefined && { end: endLine }) } },
  }));
  return `${JSON.stringify(issues, null, 2)}\n`;
};
