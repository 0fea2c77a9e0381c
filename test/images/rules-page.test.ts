import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderRulesPage } from '../helpers/rules-page.ts';

test('docs/rules.md says what the rules say; npm run golden renews it', () => {
  const page = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8');
  assert.equal(page, renderRulesPage());
});
