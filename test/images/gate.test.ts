import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shippedBaseImages } from '../../images/data/base-images.ts';
import { parseDockerfile } from '../../images/dockerfile/parser.ts';
import { resolveStages } from '../../images/dockerfile/stages.ts';
import { applyFixes } from '../../images/fix.ts';
import { checkBuild, type Severities } from '../../images/gate.ts';
import type { Rule, Violation } from '../../images/rules/rule.ts';
import { syntax } from '../../images/rules/syntax.ts';

/** A rule that finds something on each RUN; `off` and the file are as a test wants them. */
function everyRun(part: Partial<Rule> = {}, more: Partial<Violation> = {}): Rule {
  return {
    code: 'every-run',
    severity: 'warning',
    ...{ title: 'No RUN', what: 'A RUN.', why: 'It runs.', mend: 'Do not.', link: 'https://example.com/' },
    *check({ build }) {
      for (const { startLine } of build.dockerfile.instructions.filter(({ keyword }) => keyword === 'run'))
        yield { line: startLine, message: 'This runs.', ...more };
    },
    ...part,
  };
}

function gate(text: string, rules: readonly Rule[], configured: Severities = new Map()) {
  const subject = {
    build: resolveStages(parseDockerfile(text)),
    context: undefined,
    baseImages: shippedBaseImages,
    today: '2026-11-26',
    settings: { trustedRegistries: undefined, labelSchema: new Map(), strictLabels: false },
  };
  return checkBuild(subject, rules, configured, 'Dockerfile');
}

const lines = (text: string, rules = [everyRun()]) => gate(text, rules).findings.map(({ line }) => line);

test('findings come in the order of the file, those of other files behind them', () => {
  const elsewhere = everyRun({ code: 'a-b' }, { file: '.dockerignore', line: 1 });
  const { findings } = gate('FROM a\nRUN x\nRUN y\n', [elsewhere, everyRun(), syntax]);
  assert.deepEqual(
    findings.map(({ file, line }) => `${file}:${line}`),
    ['Dockerfile:2', 'Dockerfile:3', '.dockerignore:1', '.dockerignore:1'],
  );
});

test("hadolint's comments and ours switch a rule off for the instruction below, and only there", () => {
  for (const tool of ['hadolint', 'go-sre']) {
    const text = `FROM a\n# ${tool} ignore=DL3000, every-run\nRUN x\nRUN y\n`;
    assert.deepEqual(lines(text), [4]);
    assert.equal(gate(text, [everyRun()]).ignored, 1);
  }
});

test('a comment that switches off may stand above blank lines, other comments, or among the lines of its instruction', () => {
  assert.deepEqual(lines('FROM a\n# go-sre ignore=every-run\n# why\n\nRUN x\n'), []);
  assert.deepEqual(lines('FROM a\nRUN x \\\n  # go-sre ignore=every-run\n  y\nRUN z\n'), [5]);
});

test('a global comment switches a rule off in the whole file, and in other files', () => {
  const elsewhere = everyRun({}, { file: '.dockerignore', line: 1 });
  assert.deepEqual(lines('FROM a\nRUN x\n# hadolint global ignore=every-run\nRUN y\n', [elsewhere]), []);
});

test('words that only look like it switch nothing off', () => {
  assert.deepEqual(lines('FROM a\n# hadolint ignore every-run\nRUN x\n'), [3]);
  assert.deepEqual(lines('FROM a\n# go-sre ignore=every-ru\nRUN x\n'), [3]);
  assert.deepEqual(lines('FROM a\nRUN <<EOF\n# go-sre ignore=every-run\nEOF\nRUN x\n'), [2, 5]);
});

test('a configured severity takes the place of the rule’s own, and switches rules on and off', () => {
  const at = (severity: Rule['severity'], configured: Severities) =>
    gate('FROM a\nRUN x\n', [everyRun({ severity })], configured).findings.map((found) => found.severity);
  assert.deepEqual(at('warning', new Map([['every-run', 'error']])), ['error']);
  assert.deepEqual(at('warning', new Map([['every-run', 'off']])), []);
  assert.deepEqual(at('off', new Map()), []);
  assert.deepEqual(at('off', new Map([['every-run', 'info']])), ['info']);
});

test('a file that cannot be parsed is a finding with its line', () => {
  const { findings } = gate('FROM a\n\nRUNN x\n', [syntax]);
  assert.deepEqual(
    findings.map(({ code, line, severity, message }) => [code, line, severity, message]),
    [['DL1000', 3, 'error', '"RUNN" is no instruction.']],
  );
});

const found = (startLine: number, endLine: number, ...after: string[]) => ({
  ...{ code: 'x', severity: 'error' as const, message: 'x', file: 'Dockerfile', line: startLine },
  ...{ endLine: undefined, fix: [{ startLine, endLine, lines: after }] },
});

test('a mend changes its lines and no other byte, with the line ends of the file', () => {
  const text = 'FROM a\r\nRUN x \\\r\n  y\r\nUSER\t1';
  assert.equal(applyFixes(text, undefined, [found(2, 3, 'RUN z')]).text, 'FROM a\r\nRUN z\r\nUSER\t1');
  assert.equal(applyFixes(text, undefined, [found(1, 0, '# syntax=x')]).text, `# syntax=x\r\n${text}`);
  assert.equal(applyFixes(text, undefined, []).text, text);
});

test('of two mends of one line the first is made, and the other is left for the next run', () => {
  const fixed = applyFixes('a\nb\nc\n', undefined, [found(2, 2, 'B'), found(1, 2, 'no'), found(3, 3, 'C')]);
  assert.equal(fixed.text, 'a\nB\nC\n');
  assert.equal(fixed.mended.length, 2);
});

test('a mend of another file leaves this one alone', () => {
  const other = {
    ...found(1, 1, 'x'),
    fix: [{ file: '.dockerignore', startLine: 1, endLine: 0, lines: ['.git'] }],
  };
  assert.equal(applyFixes('a\n', undefined, [other]).text, 'a\n');
  assert.equal(applyFixes('', '.dockerignore', [other]).text, '.git\n');
});
