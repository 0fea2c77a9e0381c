import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../images/finding.ts';
import { reportFormats } from '../../images/reports/formats.ts';
import type { ReportMeta } from '../../images/reports/report.ts';
import { syntax } from '../../images/rules/syntax.ts';

const finding: Finding = {
  ...{ code: 'DL1000', severity: 'error', message: 'x: 50 %, no\nmore.', file: 'a b/Dockerfile' },
  ...{ line: 2, endLine: undefined, fix: undefined },
};
const meta: ReportMeta = {
  ...{ version: '1.2.3', cards: new Map([[syntax.code, syntax]]), checked: 1, ignored: 2, notes: ['a note'] },
  sources: new Map([['a b/Dockerfile', ['FROM a', '\tRUNN \u001b[31mx', 'RUNN x', 'RUNN x']]]),
};
const other = { ...finding, code: 'unknown', severity: 'style' as const, line: undefined };

test('the text shows the line without what a terminal would obey, the mend, the notes and the count', () => {
  const text = reportFormats.text([finding, other], meta);
  assert.match(text, /^a b\/Dockerfile:2 error DL1000: x/);
  assert.match(text, / {2}2 \| {3}RUNN �\[31mx\n {2}mend: Correct the line/);
  assert.match(text, /^a b\/Dockerfile style unknown: /m);
  assert.match(text, /^note: a note$/m);
  assert.match(text, /2 findings in 1 file: 1 error, 1 style; 2 switched off by comments\./);
  assert.match(reportFormats.text([], { ...meta, ignored: 0, notes: [] }), /^No finding in 1 file\.\n$/);
});

test('JSON has every finding with why and mend', () => {
  const { findings, checked, ignored, notes } = JSON.parse(reportFormats.json([finding], meta));
  assert.deepEqual([checked, ignored, notes], [1, 2, ['a note']]);
  assert.equal(findings[0].why, syntax.why);
  assert.equal(findings[0].fixable, false);
});

test('SARIF has the rule, the level, the place as a URI and a fingerprint', () => {
  const { version, runs } = JSON.parse(reportFormats.sarif([finding, other], meta));
  const [run] = runs;
  assert.equal(version, '2.1.0');
  assert.deepEqual(
    run.tool.driver.rules.map(({ id }: { id: string }) => id),
    ['DL1000', 'unknown'],
  );
  const [first, second] = run.results;
  assert.equal(first.level, 'error');
  assert.equal(run.tool.driver.rules[first.ruleIndex].id, 'DL1000');
  assert.equal(first.locations[0].physicalLocation.artifactLocation.uri, 'a%20b/Dockerfile');
  assert.deepEqual(first.locations[0].physicalLocation.region, { startLine: 2 });
  assert.equal(second.locations[0].physicalLocation.region, undefined);
  assert.match(first.partialFingerprints['goSre/v1'], /^[0-9a-f]{64}$/);
});

test("GitLab's report has its severities, and fingerprints that stay when lines move and differ between twins", () => {
  const prints = (findings: Finding[], lines: string[]) => {
    const sources = new Map([['a b/Dockerfile', lines]]);
    return JSON.parse(reportFormats.gitlab(findings, { ...meta, sources })).map(
      ({ fingerprint }: { fingerprint: string }) => fingerprint,
    );
  };
  const twins = [
    { ...finding, line: 1 },
    { ...finding, line: 2 },
  ];
  const moved = twins.map((twin) => ({ ...twin, line: twin.line + 1 }));
  const before = prints(twins, ['RUNN x', 'RUNN x']);
  assert.notEqual(before[0], before[1]);
  assert.deepEqual(prints(moved, ['FROM a', 'RUNN x', 'RUNN x']), before);
  const [issue] = JSON.parse(reportFormats.gitlab([finding], meta));
  assert.deepEqual(
    [issue.severity, issue.location],
    ['critical', { path: 'a b/Dockerfile', lines: { begin: 2 } }],
  );
});

test("GitHub's annotations escape what would end them", () => {
  assert.equal(
    reportFormats.github([{ ...finding, file: 'a,b:c' }], { ...meta, notes: [] }),
    '::error file=a%2Cb%3Ac,line=2,title=DL1000::x: 50 %25, no%0Amore.\n',
  );
});

test('the text shows no line that holds a secret beyond the name, whatever else is found in it', () => {
  const sources = new Map([['a b/Dockerfile', ['FROM a', 'ENV DB_PASSWORD=hunter2 B=c']]]);
  const text = reportFormats.text([{ ...finding, code: 'secret-name' }, finding], { ...meta, sources });
  assert.doesNotMatch(text, /hunter2/);
  assert.equal(text.match(/ {2}2 \| ENV DB_PASSWORD …/g)?.length, 2);
});
