import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseModules, tidyGoMod, tidyGoSum } from '../../scaffold/src/emit/go-modules.ts';
import { readTemplate } from '../../scaffold/src/emit/template.ts';
import { optionNames } from '../../scaffold/src/options.ts';
import { templateFolder } from '../../scaffold/src/package.ts';
import { conditionsOf, everyGoService, goInService } from '../helpers/go-modules.ts';

const template = readTemplate(templateFolder);
const options = optionNames(template.options, 'with').length;

// Each option alone, none, and all, with either router: what a change of one option's modules would break.
const services = everyGoService(template.options).filter(
  ({ with: on }) => on.length <= 1 || on.length === options,
);

for (const answers of services) {
  const name = [answers.router, ...answers.with].join(', ');
  test(`go.mod and go.sum are tidy with ${name} (else: npm run golden)`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tidy-'));
    t.after(() => rmSync(folder, { recursive: true }));
    assert.equal(await goInService(answers, template, folder, ['mod', 'tidy', '-diff']), '');
  });
}

test('the conditions of a line hold in exactly the combinations that have it, and are short', () => {
  const variables = ['a', 'b', 'c'];
  const combinations = [0, 1, 2, 3, 4, 5, 6, 7].map(
    (bits) => new Set(variables.filter((_, i) => bits & (1 << i))),
  );
  fc.assert(
    fc.property(fc.subarray(combinations, { minLength: 1 }), (having) => {
      const samples = combinations.map((on) => ({
        on,
        lines: new Set(having.includes(on) ? ['x v1 h1:'] : []),
      }));
      const goSum = new Map(Object.entries(conditionsOf(samples, variables)));
      for (const on of combinations) {
        assert.equal(tidyGoSum('', goSum, on).includes('x v1'), having.includes(on) && goSum.size > 0);
      }
    }),
  );
  const whenAny = combinations.map((on) => ({ on, lines: new Set(on.has('a') || on.has('b') ? ['x'] : []) }));
  assert.deepEqual(conditionsOf(whenAny, variables), { x: ['a', 'b'] });
});

test('a module that becomes indirect moves to the indirect ones, in order', () => {
  const goMod = parseModules({ goMod: { 'b v1': ['p'], 'b v1 // indirect': ['q !p'] }, goSum: {} }).goMod;
  const text =
    'module m\n\nrequire (\n\tb v1\n\td v1\n)\n\nrequire (\n\ta v1 // indirect\n\tc v1 // indirect\n)\n';
  assert.equal(tidyGoMod(text, goMod, new Set(['p', 'q'])), text);
  assert.equal(
    tidyGoMod(text, goMod, new Set(['q'])),
    'module m\n\nrequire (\n\td v1\n)\n\nrequire (\n\ta v1 // indirect\n\tb v1 // indirect\n\tc v1 // indirect\n)\n',
  );
});

test('a line that comes into go.sum stands in Go’s order: a pre-release before its release, a module before its go.mod', () => {
  const goSum = new Map([['m v1.2.0-rc.1 h1:b=', ['p']]]);
  const text = 'm v1.2.0 h1:a=\nm v1.2.0/go.mod h1:a=\nm v1.10.0 h1:a=\n';
  assert.equal(tidyGoSum(text, goSum, new Set(['p'])), `m v1.2.0-rc.1 h1:b=\n${text}`);
});

test('modules.json of another shape is refused with what is wrong', () => {
  assert.throws(() => parseModules({ goMod: {} }), /modules\.json: no goSum/);
  assert.throws(() => parseModules({ goMod: { 'b v1': 'p' }, goSum: {} }), /no condition for "b v1"/);
});
