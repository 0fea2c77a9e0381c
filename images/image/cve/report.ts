import { fieldsOf, parseDocument } from '../fields.ts';
import { ImageError } from '../problem.ts';
import { readSarif } from './sarif.ts';
import { isScout, readGitlab, readGrype, readScout, readTrivy } from './scanners.ts';
import type { VulnerabilityReport } from './vulnerability.ts';

const known =
  'trivy image --format json, grype -o json, docker scout cves --format sarif (or gitlab, sbom), and SARIF of others';

/**
 * Reads a scanner's report, whichever it is.
 * @throws ImageError when it is none that is known
 */
export function parseVulnerabilityReport(bytes: Uint8Array, file: string): VulnerabilityReport {
  const document = fieldsOf(parseDocument(bytes, 'the report'));
  const { has } = document;
  const read = has('runs')
    ? readSarif
    : has('matches')
      ? readGrype
      : has('Results') || has('ArtifactName')
        ? readTrivy
        : isScout(document)
          ? readScout
          : has('vulnerabilities') && has('scan')
            ? readGitlab
            : undefined;
  if (read === undefined) {
    const other = has('bomFormat')
      ? ' (a CycloneDX list of parts)'
      : has('spdxVersion')
        ? ' (an SPDX list of parts)'
        : '';
    throw new ImageError(`is no report of vulnerabilities that is known${other}; known are ${known}`);
  }
  const report = read(document);
  return { file, ...report, vulnerabilities: report.vulnerabilities.filter(({ id }) => id !== '') };
}
