import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../collector/store-folder.ts';
import { folderOf } from '../helpers/collector.ts';

test('the folders of the store are made where they are missing', async (t) => {
  const path = join(folderOf(t), 'a', 'b', 'store.sqlite');
  await makeFolder(path);
  await makeFolder(path);
  assert.ok(statSync(join(path, '..')).isDirectory());
});

test('a path that cannot hold a store is refused with the path, the reason and the flag', async (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'store.sqlite'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
  const refused: [string, RegExp][] = [
    [join(folder, 'file', 'x', 'store.sqlite'), /file is no folder/],
    [join(folder, 'store.sqlite'), /it is no file/],
    [join(folder, 'dangling', 'x', 'store.sqlite'), /EEXIST/],
  ];
  if (process.platform === 'linux') refused.push(['/proc/none/x/store.sqlite', /EACCES|ENOENT/]);
  for (const [path, why] of refused) {
    await assert.rejects(makeFolder(path), (error) => {
      assert.ok(error instanceof Error);
      assert.ok(error.message.startsWith(`The store ${path} cannot be opened: `), error.message);
      assert.match(error.message, why);
      assert.match(error.message, /--data/);
      return true;
    });
  }
});

test('a folder that may not be written is refused', async (t) => {
  if (process.getuid?.() === 0) return t.skip('root may write everywhere: run the tests as another user');
  const folder = folderOf(t);
  chmodSync(folder, 0o500);
  await assert.rejects(makeFolder(join(folder, 'store.sqlite')), /cannot be opened: EACCES/);
});
