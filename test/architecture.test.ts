import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cycles, violations } from './helpers/architecture.ts';

const root = join(import.meta.dirname, '..');

function sources(): Map<string, string> {
  const files = globSync('**/*.{ts,tsx,mjs}', {
    cwd: root,
    exclude: (name) => /(^|\/)(node_modules|dist[^/]*|golden|template|\.demo)(\/|$)/.test(String(name)),
  });
  return new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(root, file), 'utf8')]));
}

test('every import follows the dependency table', () => {
  assert.deepEqual(violations(sources()), []);
});

test('no chain of imports leads back to its start', () => {
  assert.deepEqual(cycles(sources()), []);
});

for (const [what, file, line] of [
  [
    'the shared vocabulary imports a room above it',
    'slo/slo.ts',
    "import { renderRules } from '../alerts/index.ts';",
  ],
  [
    'two siblings of the collector know each other',
    'collector/storage/x.ts',
    "import type { R } from '../receivers/receiver.ts';",
  ],
  [
    'a dynamic import goes upwards',
    'collector/telemetry/x.ts',
    "const m = await import('../api/server.ts');",
  ],
  ['a re-export goes sideways', 'alerts/x.ts', "export { lint } from '../dashboards/lint.ts';"],
  ['the console imports code of the API', 'collector/ui/x.tsx', "import { ROUTES } from '../api/routes.ts';"],
  ['the generator imports the collector', 'scaffold/src/x.ts', "import '../../collector/main.ts';"],
  [
    'two siblings of the generator know each other',
    'scaffold/src/update/x.ts',
    "import { write } from '../create/write.ts';",
  ],
  [
    'the ground of the generator knows what stands on it',
    'scaffold/src/x.ts',
    "import type { Template } from './emit/template.ts';",
  ],
  [
    'a merge takes its disk from the commands',
    'scaffold/src/merge/x.ts',
    "import type { GoSreDeps } from '../command.ts';",
  ],
  ['a file stands in no room', 'utils/x.ts', ''],
  ['the shared vocabulary reads a file', 'slo/x.ts', "import { readFileSync } from 'node:fs';"],
  ['a format asks the network', 'collector/formats/x.ts', "import { connect } from 'node:net';"],
] as const) {
  test(`a planted violation is found: ${what}`, () => {
    assert.equal(violations(new Map([[file, line]])).length, 1);
  });
}

test('a planted cycle is found', () => {
  const planted = new Map([
    ['slo/a.ts', "import { b } from './b.ts';"],
    ['slo/b.ts', "import { a } from './a.ts';"],
  ]);
  assert.deepEqual(cycles(planted), ['slo/a.ts -> slo/b.ts -> slo/a.ts']);
});

test('type imports make no cycle', () => {
  const planted = new Map([
    ['slo/a.ts', "import { b } from './b.ts';"],
    ['slo/b.ts', "import type { A } from './a.ts';"],
  ]);
  assert.deepEqual(cycles(planted), []);
});
