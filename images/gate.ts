import type { Finding } from './finding.ts';
import { readIgnores } from './ignores.ts';
import { createStepsOf } from './rules/own/facts/steps.ts';
import type { Rule, Severity, Subject, Violation } from './rules/rule.ts';
import { createShellOf } from './shell/of-instruction.ts';

/** How severe each rule is; `off` for those that are not asked. */
export type Severities = ReadonlyMap<string, Severity | 'off'>;

/** What the gate says of one Dockerfile. */
export type Verdict = {
  findings: readonly Finding[];
  /** How many were switched off by comments. */
  ignored: number;
};

/** From the gravest on. */
export const severities: readonly Severity[] = ['error', 'warning', 'info', 'style'];

/** Whether a severity is as grave as another, or graver. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(threshold);
}

/**
 * Asks every rule about one Dockerfile.
 * @param configured severities that differ from the rules' own
 * @param name what the findings call the Dockerfile
 * @returns findings in the order of the file; those of other files behind them
 */
export function checkBuild(
  subject: Omit<Subject, 'shell' | 'steps'>,
  rules: readonly Rule[],
  configured: Severities,
  name: string,
): Verdict {
  const ignores = readIgnores(subject.build.dockerfile);
  const shell = createShellOf();
  const asked: Subject = { ...subject, shell, steps: createStepsOf(subject.build, shell) };
  const always = new Set(rules.flatMap((rule) => (rule.always ? [rule.code] : [])));
  const { instructions } = subject.build.dockerfile;
  const found = rules.flatMap((rule): Finding[] => {
    const severity = configured.get(rule.code) ?? rule.severity;
    if (severity === 'off') return [];
    return [...rule.check(asked)].map((violation) => asFinding(rule, severity, violation, name));
  });
  const startLineOf = (line: number) =>
    instructions.findLast(({ startLine, endLine }) => startLine <= line && line <= endLine)?.startLine ??
    line;
  const findings = found.filter(({ code, file, line }) => {
    if (always.has(code)) return true;
    if (ignores.everywhere.has(code)) return false;
    if (file !== name || line === undefined || ignores.byStartLine.size === 0) return true;
    return ignores.byStartLine.get(startLineOf(line))?.has(code) !== true;
  });
  return { findings: findings.sort(inOrder(name)), ignored: found.length - findings.length };
}

function asFinding({ code }: Rule, severity: Severity, violation: Violation, name: string): Finding {
  const { message, line, endLine, file, fix } = violation;
  return { code, severity, message, file: file ?? name, line, endLine, fix };
}

function inOrder(name: string): (a: Finding, b: Finding) => number {
  const rank = (finding: Finding) => (finding.file === name ? 0 : 1);
  return (a, b) =>
    rank(a) - rank(b) ||
    a.file.localeCompare(b.file) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    a.code.localeCompare(b.code);
}
