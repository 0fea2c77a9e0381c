import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCase } from '../../../../bench/gate-detection.ts';
import { ownRules } from '../../../../images/rules/own/table.ts';
import { runGoSreInProcess } from '../../../helpers/scaffold.ts';

const folder = join(import.meta.dirname, '../../gate-cases');
const cases = readdirSync(folder).flatMap((name) => readCase(name) ?? []);

for (const { code } of ownRules) {
  test(`${code} is found in each of its bad cases, and in none of their clean twins`, async () => {
    const own = cases.filter(({ rule }) => rule === code);
    assert.ok(own.filter(({ bad }) => bad).length >= 3, 'three bad cases');
    assert.ok(own.filter(({ bad }) => !bad).length >= 3, 'three clean twins');
    for (const { name, bad } of own) {
      const ran = await runGoSreInProcess(
        ['check', join(folder, name), '--json', '--offline', '--today', '2026-11-26'],
        folder,
      );
      const { findings } = JSON.parse(ran.stdout) as { findings: { code: string; message: string }[] };
      const found = findings.filter((finding) => finding.code === code).map(({ message }) => message);
      assert.equal(found.length > 0, bad, `${name}: ${found.join(' ') || 'nothing'}`);
    }
  });
}

test('every case is one of a rule that there is', () => {
  const codes = new Set(ownRules.map(({ code }) => code));
  assert.deepEqual(
    cases.filter(({ rule }) => !codes.has(rule)).map(({ name }) => name),
    [],
  );
  assert.equal(cases.length, readdirSync(folder).length);
});
