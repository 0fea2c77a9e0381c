import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CollectorError, ERRORS } from '../../../collector/telemetry/errors.ts';

test('docs/errors.md lists the catalogue, no code more and none less', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
  const listed = page.split('\n').filter((line) => line.startsWith('| `'));
  const catalogue = Object.entries(ERRORS).map(
    ([code, { status, retryable, means }]) =>
      `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${means} |`,
  );
  assert.deepEqual(listed, catalogue);
});

test('an error knows its status and whether trying again makes sense', () => {
  const full = new CollectorError('store-full', 'no room', { retryAfterSeconds: 5 });
  assert.deepEqual([full.status, full.retryable, full.retryAfterSeconds], [503, true, 5]);
  assert.equal(new CollectorError('bad-data', 'x').retryable, false);
});
