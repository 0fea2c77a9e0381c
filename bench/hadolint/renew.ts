// node bench/hadolint/renew.ts: asks the real hadolint about every case of the corpus again, and writes what it says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTool } from '../../test/helpers/tools.ts';
import { parseCorpus } from './corpus.ts';
import { hadolintFlags } from './verdicts.ts';

const file = join(import.meta.dirname, '../hadolint-corpus.json');

const path = ensureTool('hadolint');
const folder = mkdtempSync(join(tmpdir(), 'hadolint-corpus-'));
try {
  const cases = parseCorpus(readFileSync(file, 'utf8'), file);
  const signal = new AbortController().signal;
  const flagged = await hadolintFlags(cases, { path, folder, env: process.env, signal });
  const renewed = cases.map((one, at) => ({ ...one, flagged: flagged[at] ?? one.flagged }));
  const changed = renewed.filter((one, at) => one.flagged !== cases[at]!.flagged).length;
  writeFileSync(file, `${JSON.stringify(renewed, null, 2)}\n`);
  console.log(`${cases.length} cases, ${changed} changed`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
