import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseVulnerabilityReport } from '../../../images/image/cve/report.ts';
import { judgeReports } from '../../../images/image/cve/verdict.ts';
import { packageOfPurl, type Vulnerability } from '../../../images/image/cve/vulnerability.ts';
import { parseWaivers } from '../../../images/image/cve/waivers.ts';
import { ImageError } from '../../../images/image/problem.ts';

const read = (document: unknown) =>
  parseVulnerabilityReport(Buffer.from(JSON.stringify(document)), 'report.json');

/** The same hole as four scanners tell it. */
const told: Vulnerability = {
  ...{
    id: 'CVE-2026-1234',
    severity: 'critical',
    package: 'libssl3',
    version: '3.0.1-1',
    fixedIn: '3.0.2-1',
  },
};

const purl = 'pkg:deb/debian/libssl3@3.0.1-1?arch=amd64&distro=debian-13';

const trivy = {
  SchemaVersion: 2,
  ArtifactName: 'shop:1.0',
  Metadata: { ImageID: `sha256:${'a'.repeat(64)}`, RepoTags: ['shop:1.0'] },
  Results: [
    { Target: 'app', Class: 'lang-pkgs' },
    {
      Vulnerabilities: [
        {
          VulnerabilityID: told.id,
          PkgName: 'libssl3',
          InstalledVersion: '3.0.1-1',
          FixedVersion: '3.0.2-1',
          Severity: 'CRITICAL',
        },
      ],
    },
  ],
};

const grype = {
  matches: [
    {
      vulnerability: {
        id: 'GHSA-aaaa-bbbb-cccc',
        severity: 'Critical',
        fix: { versions: ['3.0.2-1'], state: 'fixed' },
      },
      relatedVulnerabilities: [{ id: told.id }],
      artifact: { name: 'libssl3', version: '3.0.1-1', purl },
    },
  ],
  source: {
    type: 'image',
    target: { userInput: 'shop:1.0', imageID: `sha256:${'a'.repeat(64)}`, tags: ['shop:1.0'] },
  },
  descriptor: { name: 'grype' },
};

const sarif = (name: string, rule: object, text: string, more: object = {}) => ({
  version: '2.1.0',
  runs: [
    {
      tool: { driver: { name, rules: [rule] } },
      results: [{ ruleId: (rule as { id: string }).id, ruleIndex: 0, level: 'error', message: { text } }],
      ...more,
    },
  ],
});

const scoutRule = {
  id: told.id,
  properties: {
    affected_version: '<3.0.2',
    cvssV3_severity: 'CRITICAL',
    fixed_version: '3.0.2-1',
    purls: [purl],
    'security-severity': '9.8',
  },
};
const trivyText =
  'Package: libssl3\nInstalled Version: 3.0.1-1\nVulnerability CVE-2026-1234\nSeverity: CRITICAL\nFixed Version: 3.0.2-1\nLink: [CVE](https://x)';

const reports: readonly (readonly [string, unknown, string])[] = [
  ['trivy', trivy, 'trivy'],
  ['grype', grype, 'grype'],
  [
    "docker scout's SARIF",
    sarif('docker scout', scoutRule, '  Vulnerability   : CVE-2026-1234\n  Severity        : CRITICAL'),
    'docker scout',
  ],
  [
    "trivy's SARIF",
    sarif(
      'Trivy',
      {
        id: told.id,
        properties: { 'security-severity': '9.8', tags: ['vulnerability', 'security', 'CRITICAL'] },
      },
      trivyText,
    ),
    'Trivy',
  ],
  [
    "docker scout's sbom",
    {
      source: { image: { name: 'shop:1.0' } },
      vulnerabilities: [
        {
          purl,
          vulnerabilities: [{ source_id: told.id, cvss: { severity: 'CRITICAL' }, fixed_by: '3.0.2-1' }],
        },
      ],
    },
    'docker scout',
  ],
  [
    "docker scout's GitLab report",
    {
      version: '15.0.0',
      scan: { scanner: { id: 'docker-scout', name: 'Docker Scout' } },
      vulnerabilities: [
        {
          severity: 'Critical',
          solution: 'Upgrade libssl3 to 3.0.2-1',
          identifiers: [{ type: 'cve', name: told.id, value: told.id }],
          location: { image: 'shop:1.0', dependency: { package: { name: 'libssl3' }, version: '3.0.1-1' } },
        },
      ],
    },
    'Docker Scout',
  ],
];

for (const [what, document, tool] of reports) {
  test(`a report of ${what} tells severity, package and mend`, () => {
    const report = read(document);
    assert.deepEqual(report.vulnerabilities, [told]);
    assert.equal(report.tool, tool);
  });
}

test('SARIF without words for severities is weighed by its score, or else by its level', () => {
  const severity = (properties: object) =>
    read(sarif('grype', { id: 'CVE-2026-9-libc6', properties }, 'x')).vulnerabilities[0];
  assert.equal(severity({ 'security-severity': '7.5' })?.severity, 'high');
  assert.equal(severity({})?.severity, 'high');
  assert.equal(severity({})?.id, 'CVE-2026-9');
});

test('what a scanner itself suppresses does not count', () => {
  const report = sarif('x', { id: 'CVE-2026-1' }, 'x');
  Object.assign(report.runs[0]!.results[0]!, { suppressions: [{ kind: 'external' }] });
  assert.deepEqual(read(report).vulnerabilities, []);
});

test('an empty report is a report, and another kind of file is none', () => {
  assert.deepEqual(read({ SchemaVersion: 2, ArtifactName: 'x' }).vulnerabilities, []);
  for (const [document, why] of [
    [{ bomFormat: 'CycloneDX' }, /no report of vulnerabilities that is known \(a CycloneDX list of parts\)/],
    [[], /known are trivy image --format json/],
    ['text', /no report/],
  ] as const) {
    assert.throws(
      () => read(document),
      (error) => error instanceof ImageError && why.test(error.message),
    );
  }
});

const hole = (id: string, severity: Vulnerability['severity'], name = 'a'): Vulnerability => ({
  ...{ id, severity, package: name, version: '1', fixedIn: undefined },
});
const report = (...vulnerabilities: Vulnerability[]) => ({
  file: 'r',
  tool: 't',
  vulnerabilities,
  imageId: undefined,
  names: [],
});

test('waivers take off until their day, by package where they name one; the rest is told', () => {
  const waivers = parseWaivers(`
- { id: CVE-1, reason: not reachable, expires: 2026-12-01 }
- { id: cve-2, package: b, reason: waits for upstream, expires: 2026-11-26 }
- { id: CVE-3, reason: was to be mended, expires: 2026-11-25 }
- { id: CVE-9, reason: gone by now, expires: 2027-01-01 }
`);
  const found = [
    hole('CVE-1', 'critical'),
    hole('CVE-2', 'high', 'a'),
    hole('CVE-2', 'high', 'b'),
    hole('CVE-3', 'low'),
  ];
  const verdict = judgeReports([report(...found)], { waivers, maxima: {}, today: '2026-11-26' });
  assert.deepEqual(
    verdict.open.map(({ id, package: name }) => [id, name]),
    [
      ['CVE-2', 'a'],
      ['CVE-3', 'a'],
    ],
  );
  assert.deepEqual(
    verdict.waived.map(({ vulnerability: { id } }) => id),
    ['CVE-1', 'CVE-2'],
  );
  assert.deepEqual(
    [verdict.expired, verdict.unused].map((list) => list.map(({ id }) => id)),
    [['CVE-3'], ['CVE-9']],
  );
  assert.deepEqual([verdict.counts.critical, verdict.counts.high, verdict.counts.low], [0, 1, 1]);
});

test('what two scanners tell counts once, by the graver word', () => {
  const two = [report(hole('CVE-1', 'medium')), report(hole('CVE-1', 'high'))];
  const { open } = judgeReports(two, { waivers: [], maxima: {}, today: '2026-11-26' });
  assert.deepEqual(
    open.map(({ severity }) => severity),
    ['high'],
  );
});

test('a waiver file is read strictly, from YAML and JSON, and every problem has its place', () => {
  const json = '{"waivers":[{"id":"CVE-1","reason":"r","expires":"2027-01-01"}]}';
  assert.deepEqual(parseWaivers(json), [
    { id: 'CVE-1', package: undefined, reason: 'r', expires: '2027-01-01' },
  ]);
  assert.deepEqual(parseWaivers('# none yet\n'), []);
  const wrong = '- { id: CVE-1, expires: 2026-13-01, reson: typo }\n- CVE-2\n';
  assert.throws(
    () => parseWaivers(wrong),
    (error) => {
      assert.ok(error instanceof ImageError);
      for (const problem of [
        /\[0\]\.reson: there is no such key/,
        /\[0\]\.expires: must be a day/,
        /\[0\]\.reason: must be a text/,
        /\[1\]: must have id/,
      ]) {
        assert.match(error.message, problem);
      }
      return true;
    },
  );
  assert.throws(() => parseWaivers('{ a: ['), /is no YAML/);
  assert.throws(() => parseWaivers('waivers: 3'), /is no list of waivers/);
});

test('package URLs give the name that people know', () => {
  assert.deepEqual(packageOfPurl('pkg:golang/github.com/a/b@v1.2.3'), {
    name: 'github.com/a/b',
    version: 'v1.2.3',
  });
  assert.deepEqual(packageOfPurl(purl), { name: 'libssl3', version: '3.0.1-1' });
  assert.equal(packageOfPurl('openssl'), undefined);
});
