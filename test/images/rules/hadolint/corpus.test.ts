import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseCorpus } from '../../../../bench/hadolint/corpus.ts';
import { gateFlags, hadolintFlags, isKnown } from '../../../../bench/hadolint/verdicts.ts';
import { hadolintRules } from '../../../../images/rules/hadolint/table.ts';
import { goFolder } from '../../../helpers/go-folder.ts';
import { tool } from '../../../helpers/tools.ts';

const file = join(import.meta.dirname, '../../../../bench/hadolint-corpus.json');
const corpus = parseCorpus(readFileSync(file, 'utf8'), 'hadolint-corpus.json');

test('the gate agrees with the corpus on at least 98 of 100 cases', () => {
  const other = corpus.filter((one) => gateFlags(one) !== one.flagged);
  const told = other.map(({ rule, dockerfile }) => `${rule} ${JSON.stringify(dockerfile)}`).join('\n');
  assert.ok(other.length / corpus.length <= 0.02, told);
});

test('the corpus has bad and clean cases of every rule that hadolint 2.15.1 has', () => {
  assert.ok(corpus.length >= 700);
  const newer = /^(?:DL30(?:6[89]|7\d)|DL4007)$/;
  for (const { code } of hadolintRules.filter((rule) => !newer.test(rule.code))) {
    const of = corpus.filter(({ rule }) => rule === code);
    assert.ok(of.some(({ flagged }) => flagged) && of.some(({ flagged }) => !flagged), code);
  }
  assert.deepEqual(
    corpus.filter(({ rule }) => !isKnown(rule)),
    [],
  );
});

test('hadolint itself says what the corpus says', async (t) => {
  const path = tool(t, 'hadolint');
  if (path === undefined) return;
  // A part of them: ShellCheck, which hadolint runs on every RUN, takes its time.
  const some = corpus.filter((_, at) => at % 12 === 0);
  const folder = goFolder(t, {});
  const flagged = await hadolintFlags(some, { path, folder, env: process.env, signal: t.signal });
  assert.deepEqual(
    flagged,
    some.map((one) => one.flagged),
  );
});
