import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { looksLikeElf, readElf } from '../../../images/image/elf.ts';
import { type GoBuildInfo, type GoModule, readGoBuildInfo } from '../../../images/image/go-build-info.ts';
import { memorySource } from '../../../images/image/source.ts';
import { tool } from '../../helpers/tools.ts';
import { buildInfo, type ElfMaking, elfOf, pointedBuildInfo } from './elf-making.ts';

async function infoOf(bytes: Uint8Array): Promise<GoBuildInfo | undefined> {
  const elf = await readElf(memorySource(bytes));
  return elf && readGoBuildInfo(elf);
}

/** What `go version -m -json` prints of one file. */
type Told = {
  GoVersion: string;
  Path?: string;
  /** Without a path where the main package is of no module. */
  Main?: Partial<ToldModule>;
  Deps?: ToldModule[];
  Settings?: { Key: string; Value?: string }[];
};
type ToldModule = { Path: string; Version?: string; Sum?: string; Replace?: ToldModule };

function moduleTold({ Path, Version = '', Sum, Replace }: ToldModule): GoModule {
  return { path: Path, version: Version, sum: Sum, replacedBy: Replace && moduleTold(Replace) };
}

/** Reads a file and compares with what `go` reads of it. */
async function agrees(file: string): Promise<void> {
  const told = JSON.parse(
    execFileSync('go', ['version', '-m', '-json', file], { encoding: 'utf8', maxBuffer: 1 << 26 }),
  ) as Told;
  const info = await infoOf(readFileSync(file));
  assert.ok(info, file);
  assert.deepEqual(
    { ...info, settings: [...info.settings] },
    {
      goVersion: told.GoVersion,
      path: told.Path ?? '',
      main: told.Main?.Path === undefined ? undefined : moduleTold(told.Main as ToldModule),
      deps: (told.Deps ?? []).map(moduleTold),
      settings: (told.Settings ?? []).map(({ Key, Value = '' }) => [Key, Value]),
    },
    file,
  );
}

test('reads what go itself reads of every program of its toolchain', async () => {
  const env = execFileSync('go', ['env', 'GOROOT', 'GOTOOLDIR'], { encoding: 'utf8' });
  const [root = '', tools = ''] = env.trim().split('\n');
  const folders = [join(root, 'bin'), tools];
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const binaries = files.filter((file) => looksLikeElf(readFileSync(file).subarray(0, 4)));
  if (process.platform === 'linux') assert.ok(binaries.length > 1, `${files.length} files`);
  for (const file of binaries) await agrees(file);
});

test('reads what go itself reads of a program with many modules', async (t) => {
  const promtool = tool(t, 'promtool');
  if (promtool !== undefined && looksLikeElf(readFileSync(promtool).subarray(0, 4))) await agrees(promtool);
});

const module = [
  'path\texample.com/shop/cmd/shop',
  'mod\texample.com/shop\tv1.2.3\th1:main=',
  'dep\texample.com/dep\tv0.1.0\th1:dep=',
  '=>\texample.com/fork\tv0.2.0\th1:fork=',
  'dep\texample.com/near\tv0.0.0',
  '=>\t./near\t(devel)\t',
  'build\t-ldflags="-s -w -X \'main.version=1 2\'"',
  'build\tCGO_ENABLED=0',
  'build\t"odd=key"=`a\\b`',
  '',
].join('\n');

const shapes: readonly { what: string; making: ElfMaking; pointed: boolean }[] = [
  { what: '64 bits', making: {}, pointed: false },
  { what: '32 bits', making: { wide: false, machine: 3 }, pointed: false },
  { what: 'big-endian', making: { big: true, machine: 22 }, pointed: false },
  { what: 'before Go 1.18', making: {}, pointed: true },
  { what: 'before Go 1.18, big-endian', making: { big: true, machine: 22 }, pointed: true },
];

for (const { what, making, pointed } of shapes) {
  test(`reads a stripped binary without sections: ${what}`, async () => {
    const data = pointed
      ? pointedBuildInfo('go1.17.3', module, making.big ?? false)
      : buildInfo('go1.17.3', module);
    const info = await infoOf(
      elfOf({ ...making, data: Buffer.concat([Buffer.alloc(pointed ? 0 : 48), data]) }),
    );
    assert.ok(info);
    assert.deepEqual(
      [info.goVersion, info.path, info.main?.version],
      ['go1.17.3', 'example.com/shop/cmd/shop', 'v1.2.3'],
    );
    assert.deepEqual(
      info.deps.map(({ path, replacedBy }) => [path, replacedBy?.path, replacedBy?.version]),
      [
        ['example.com/dep', 'example.com/fork', 'v0.2.0'],
        ['example.com/near', './near', '(devel)'],
      ],
    );
    assert.deepEqual(
      [...info.settings],
      [
        ['-ldflags', "-s -w -X 'main.version=1 2'"],
        ['CGO_ENABLED', '0'],
        ['odd=key', 'a\\b'],
      ],
    );
  });
}

test('a binary without the record, one that is cut off, and no binary at all give nothing', async () => {
  const whole = elfOf({ data: buildInfo('go1.26', module) });
  assert.equal(await infoOf(elfOf({ data: Buffer.alloc(4096, 1) })), undefined);
  assert.equal(await infoOf(Buffer.from('#!/bin/sh\n')), undefined);
  for (let length = 0; length < whole.length; length += 7) {
    const info = await infoOf(whole.subarray(0, length));
    assert.ok(info === undefined || info.goVersion === 'go1.26');
  }
});
