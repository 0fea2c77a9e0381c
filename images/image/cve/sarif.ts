import { type Fields, fieldsOf } from '../fields.ts';
import { fixedOf } from './scanners.ts';
import {
  packageOfPurl,
  severityOf,
  severityOfScore,
  type Vulnerability,
  type VulnerabilityReport,
  type VulnerabilitySeverity,
} from './vulnerability.ts';

/** SARIF of any scanner: what its rules and messages tell of severity and package. Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function readSarif(document: Fields): Omit<VulnerabilityReport, 'file'> {
  const runs = document.objects('runs');
  return {
    tool: runs[0]?.object('tool').object('driver').text('name') ?? 'a SARIF tool',
    vulnerabilities: runs.flatMap(ofRun),
    imageId: runs.flatMap((run) => run.object('properties').text('imageID') ?? [])[0],
    names: runs.flatMap(namesOf),
  };
}

function namesOf(run: Fields): string[] {
  const properties = run.object('properties');
  const name = properties.text('imageName');
  return [...properties.texts('repoTags'), ...(name === undefined ? [] : [name])];
}

function ofRun(run: Fields): Vulnerability[] {
  const rules = run.object('tool').object('driver').objects('rules');
  const byId = new Map(rules.map((rule) => [rule.text('id') ?? '', rule]));
  return run.objects('results').flatMap((result) => {
    if (result.objects('suppressions').length > 0) return [];
    if (!['fail', undefined].includes(result.text('kind')) && result.text('level') === 'none') return [];
    const told = result.text('ruleId') ?? result.object('rule').text('id');
    const rule = byId.get(told ?? '') ?? rules[result.number('ruleIndex') ?? -1];
    return vulnerability(told ?? rule?.text('id') ?? '', result, rule ?? fieldsOf({}));
  });
}

/** What is read of a message stands in its first lines. */
const maxMessage = 4000;

function vulnerability(ruleId: string, result: Fields, rule: Fields): Vulnerability {
  const message = (result.object('message').text('text') ?? '').slice(0, maxMessage);
  const properties = rule.object('properties');
  const line = (name: string) => new RegExp(`^\\s*${name}\\s*:\\s*(.+?)\\s*$`, 'im').exec(message)?.[1];
  const named = line('Package') ?? '';
  const of = packageOfPurl(named) ?? packageOfPurl(properties.texts('purls')[0] ?? '');
  return {
    // grype puts the package behind the number.
    id: /^(?:CVE-\d+-\d+|GHSA(?:-\w{4}){3}|GO-\d+-\d+)/.exec(ruleId)?.[0] ?? ruleId,
    severity: severityIn(message, result, rule),
    package: of?.name ?? named,
    version: of?.version || line('Installed Version') || properties.text('affected_version') || '',
    fixedIn: fixedOf(line('Fixed Version') ?? properties.text('fixed_version')),
  };
}

/** Words before numbers, and numbers before SARIF's levels, which know no critical. */
function severityIn(message: string, result: Fields, rule: Fields): VulnerabilitySeverity {
  const properties = rule.object('properties');
  const words = [
    properties.text('cvssV3_severity'),
    ...properties.texts('tags'),
    /^\s*severity\s*:\s*(\w+)/im.exec(message)?.[1],
  ];
  const worded = words.map(severityOf).find((severity) => severity !== 'unknown');
  if (worded !== undefined) return worded;
  const score = Number(
    properties.text('security-severity') ?? properties.number('security-severity') ?? Number.NaN,
  );
  if (score > 0) return severityOfScore(score);
  const level = result.text('level') ?? rule.object('defaultConfiguration').text('level') ?? 'warning';
  return ({ error: 'high', warning: 'medium', note: 'low' } as const)[level] ?? 'unknown';
}
