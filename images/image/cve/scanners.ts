import type { Fields } from '../fields.ts';
import { packageOfPurl, severityOf, type Vulnerability, type VulnerabilityReport } from './vulnerability.ts';

type Report = Omit<VulnerabilityReport, 'file'>;

/** `trivy image --format json`. Source: https://trivy.dev/docs/latest/configuration/reporting/#json */
export function readTrivy(document: Fields): Report {
  const metadata = document.object('Metadata');
  const artifact = document.text('ArtifactName');
  return {
    tool: 'trivy',
    vulnerabilities: document.objects('Results').flatMap((result) =>
      result.objects('Vulnerabilities').map((found) => ({
        id: found.text('VulnerabilityID') ?? '',
        severity: severityOf(found.text('Severity')),
        package: found.text('PkgName') ?? '',
        version: found.text('InstalledVersion') ?? '',
        fixedIn: found.text('FixedVersion') || undefined,
      })),
    ),
    imageId: metadata.text('ImageID'),
    names: [...metadata.texts('RepoTags'), ...(artifact === undefined ? [] : [artifact])],
  };
}

/** `grype -o json`. Source: https://github.com/anchore/grype/tree/main/schema */
export function readGrype(document: Fields): Report {
  const target = document.object('source').object('target');
  const input = target.text('userInput');
  return {
    tool: 'grype',
    vulnerabilities: document.objects('matches').map((match): Vulnerability => {
      const [found, artifact] = [match.object('vulnerability'), match.object('artifact')];
      const related = match.objects('relatedVulnerabilities').map((other) => other.text('id') ?? '');
      const id = found.text('id') ?? '';
      return {
        // Waivers name CVEs; grype tells a CVE beside the advisory that it matched.
        id: /^CVE-/.test(id) ? id : (related.find((other) => /^CVE-/.test(other)) ?? id),
        severity: severityOf(found.text('severity')),
        package: artifact.text('name') ?? '',
        version: artifact.text('version') ?? '',
        fixedIn: found.object('fix').texts('versions')[0],
      };
    }),
    imageId: target.text('imageID'),
    names: [...target.texts('tags'), ...(input === undefined ? [] : [input])],
  };
}

/** `docker scout cves --format gitlab`, and whatever else writes GitLab's reports. Source: https://gitlab.com/gitlab-org/security-products/security-report-schemas */
export function readGitlab(document: Fields): Report {
  const scanner = document.object('scan').object('scanner');
  const found = document.objects('vulnerabilities');
  const names = found.flatMap((one) => one.object('location').text('image') ?? []);
  return {
    tool: scanner.text('name') ?? scanner.text('id') ?? 'a GitLab report',
    vulnerabilities: found.map((one) => {
      const identifiers = one.objects('identifiers');
      const cve = identifiers.find((other) => other.text('type') === 'cve') ?? identifiers[0];
      const dependency = one.object('location').object('dependency');
      return {
        id: cve?.text('value') ?? cve?.text('name') ?? one.text('id') ?? '',
        severity: severityOf(one.text('severity')),
        package: dependency.object('package').text('name') ?? '',
        version: dependency.text('version') ?? '',
        fixedIn: /\b(?:to|version)\s+v?(\d\S*)/.exec((one.text('solution') ?? '').slice(0, 4000))?.[1],
      };
    }),
    imageId: undefined,
    names: [...new Set(names)],
  };
}

/** `docker scout cves --format sbom`: packages by their purl, each with its vulnerabilities. */
export function readScout(document: Fields): Report {
  const image = document.object('source').object('image');
  return {
    tool: 'docker scout',
    vulnerabilities: document.objects('vulnerabilities').flatMap((entry) => {
      const of = packageOfPurl(entry.text('purl') ?? '');
      return entry.objects('vulnerabilities').map((found) => ({
        id: found.text('source_id') ?? found.text('id') ?? '',
        severity: severityOf(found.object('cvss').text('severity') ?? found.text('severity')),
        package: of?.name ?? '',
        version: of?.version ?? '',
        fixedIn: fixedOf(found.text('fixed_by')),
      }));
    }),
    imageId: undefined,
    names: [image.text('name')].flatMap((name) => name ?? []),
  };
}

/** Scout writes `not fixed`. */
export function fixedOf(text: string | undefined): string | undefined {
  return text === undefined || text === '' || /not fixed/i.test(text) ? undefined : text;
}

/** Whether the lists in a document are of scout's own shape: each entry has a list of its own. */
export function isScout(document: Fields): boolean {
  return document
    .objects('vulnerabilities')
    .some((entry) => entry.has('purl') && entry.has('vulnerabilities'));
}
