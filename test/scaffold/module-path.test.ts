import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkModulePath } from '../../scaffold/src/module-path.ts';

const good = [
  'example.com/shop',
  'github.com/Acme/Orders',
  'github.com/acme/orders/v2',
  'github.com/acme/orders/v10',
  'github.com/acme/orders.go',
  'github.com/acme/a~b',
  'gopkg.in/yaml.v3',
  'git.example.co.uk/a_b/c-d',
  'orders',
  'acme/orders',
];

/** Path -> the words of the rule that the message must name. */
const bad: Record<string, RegExp> = {
  'example.com//orders': /empty element/,
  '/orders': /empty element/,
  'example.com/orders/': /empty element/,
  'example.com/or ders': /" " is not allowed/,
  'example.com/ördérs': /"ö" is not allowed/,
  'example.com/orders@v1': /"@" is not allowed/,
  'example.com/orders.': /ends with a dot/,
  'example.com/../orders': /dots only/,
  'example.com/con': /device name/,
  'example.com/Aux.go/x': /device name/,
  'example.com/orders~1': /short name/,
  'example.com/orders/v1': /version suffix/,
  'example.com/orders/v0': /version suffix/,
  'example.com/orders/v02': /version suffix/,
  'example.com/orders/v1.2': /version suffix/,
  'gopkg.in/yaml': /gopkg\.in/,
  '-orders': /hyphen/,
};

/** Go accepts these in `go mod init`; they fail later, at the first import or at the first download. */
const stricter: Record<string, RegExp> = {
  'example.com/.orders': /begins with a dot/,
  'Example.com/orders': /lower-case/,
  'errors/mine': /standard library/,
};

test('a module path is refused with its rule exactly when go mod init refuses it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'module-path-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const differences: string[] = [];
  for (const path of [...good, ...Object.keys(bad)]) {
    const go = spawnSync('go', ['mod', 'init', '--', path], { cwd: folder, encoding: 'utf8' });
    rmSync(join(folder, 'go.mod'), { force: true });
    const rule = checkModulePath(path);
    if ((rule === undefined) !== (go.status === 0)) differences.push(`${path}: ${rule} | ${go.stderr}`);
    else if (rule !== undefined) assert.match(rule, bad[path]!, path);
  }
  assert.deepEqual(differences, []);
});

test('paths that go mod init takes and that break later are refused too', () => {
  assert.match(checkModulePath('')!, /empty/);
  assert.match(checkModulePath('https://github.com/acme/orders')!, /URL/);
  for (const [path, rule] of Object.entries(stricter)) assert.match(checkModulePath(path)!, rule);
});
