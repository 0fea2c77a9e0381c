import { createHash } from 'node:crypto';
import type { Finding } from '../finding.ts';
import type { ReportMeta } from './report.ts';

/**
 * One fingerprint for each finding, hex: the same in the next run although lines moved, since it is made of the rule, the
 * file and the text of the line; the second of two that are alike differs from the first.
 */
export function fingerprints(
  findings: readonly Finding[],
  { sources }: Pick<ReportMeta, 'sources'>,
): string[] {
  const seen = new Map<string, number>();
  return findings.map(({ code, file, line, message }) => {
    const text = (line === undefined ? undefined : sources.get(file)?.[line - 1]?.trim()) ?? message;
    const key = [code, file, text].join('\0');
    const times = seen.get(key) ?? 0;
    seen.set(key, times + 1);
    return createHash('sha256').update(`${key}\0${times}`).digest('hex');
  });
}
