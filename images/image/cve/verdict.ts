import {
  type Vulnerability,
  type VulnerabilityReport,
  type VulnerabilitySeverity,
  vulnerabilitySeverities,
} from './vulnerability.ts';
import type { Waiver } from './waivers.ts';

/** How many of each severity an image may have; those that are not named are only counted. */
export type Maxima = Partial<Record<VulnerabilitySeverity, number>>;

/** What all reports say together, waivers taken off. */
export type CveVerdict = {
  reports: readonly VulnerabilityReport[];
  /** Each once, the gravest first. */
  open: readonly Vulnerability[];
  counts: Readonly<Record<VulnerabilitySeverity, number>>;
  waived: readonly { vulnerability: Vulnerability; waiver: Waiver }[];
  /** Waivers that are past their day, and those that no report has anything for. */
  expired: readonly Waiver[];
  unused: readonly Waiver[];
  maxima: Maxima;
};

/** @param today `YYYY-MM-DD` */
export function judgeReports(
  reports: readonly VulnerabilityReport[],
  { waivers, maxima, today }: { waivers: readonly Waiver[]; maxima: Maxima; today: string },
): CveVerdict {
  const all = each(reports.flatMap(({ vulnerabilities }) => vulnerabilities));
  const counting = waivers.filter(({ expires }) => expires >= today);
  const waiverOf = (found: Vulnerability) => counting.find((waiver) => covers(waiver, found));
  const open = all.filter((found) => waiverOf(found) === undefined);
  const counts = Object.fromEntries(
    vulnerabilitySeverities.map((severity) => [
      severity,
      open.filter((found) => found.severity === severity).length,
    ]),
  ) as Record<VulnerabilitySeverity, number>;
  return {
    ...{ reports, open, counts, maxima },
    waived: all.flatMap((vulnerability) => {
      const waiver = waiverOf(vulnerability);
      return waiver === undefined ? [] : [{ vulnerability, waiver }];
    }),
    expired: waivers.filter(({ expires }) => expires < today),
    unused: counting.filter((waiver) => !all.some((found) => covers(waiver, found))),
  };
}

function covers({ id, package: only }: Waiver, found: Vulnerability): boolean {
  return id.toLowerCase() === found.id.toLowerCase() && (only === undefined || only === found.package);
}

/** Two scanners that tell the same hole count once, by the graver word. */
function each(found: readonly Vulnerability[]): Vulnerability[] {
  const rank = ({ severity }: Vulnerability) => vulnerabilitySeverities.indexOf(severity);
  const byKey = new Map<string, Vulnerability>();
  for (const one of found.toSorted((a, b) => rank(a) - rank(b))) {
    const key = [one.id, one.package, one.version].join('\0');
    if (!byKey.has(key)) byKey.set(key, one);
  }
  return [...byKey.values()];
}
