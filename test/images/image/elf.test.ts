import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { test } from 'node:test';
import { readElf } from '../../../images/image/elf.ts';
import { compareVersions, highestGlibc, readDynamic } from '../../../images/image/elf-dynamic.ts';
import { binaryFacts } from '../../../images/image/file-facts.ts';
import { memorySource } from '../../../images/image/source.ts';
import { elfOf } from './elf-making.ts';

/** Libraries that the loader gives to a program, as `ldd` prints them; none where it cannot be asked. */
function librariesOf(program: string): string[] {
  const { status, stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return status === 0 ? [...stdout.matchAll(/=> (\/\S+)/g)].map(([, path]) => path!) : [];
}

test('what a program asks of its libraries is what readelf tells of it', async (t) => {
  const libc = librariesOf(process.execPath).find((path) => /libc\.so\.6$/.test(path));
  if (libc === undefined || spawnSync('readelf', ['--version']).status !== 0) {
    t.skip('readelf and a glibc are missing');
    return;
  }
  for (const file of [process.execPath, libc]) {
    const told = execFileSync(
      'readelf',
      ['--wide', '--dynamic', '--version-info', '--program-headers', file],
      {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      },
    );
    const [needs = ''] = /Version needs section[\s\S]*?(?=\n\n|$(?![\s\S]))/.exec(told) ?? [];
    const [offers = ''] = /Version definition section[\s\S]*?(?=\n\n|$(?![\s\S]))/.exec(told) ?? [];
    const elf = await readElf(memorySource(readFileSync(realpathSync(file))));
    const dynamic = elf && (await readDynamic(elf));
    assert.ok(elf && dynamic, file);
    const names = (text: string) => [...text.matchAll(/Name: (\S+)/g)].map(([, name]) => name!).sort();
    assert.deepEqual(dynamic.wants.map(({ version }) => version).sort(), names(needs));
    // Lines of a parent version stand among them.
    const defined = [...offers.matchAll(/Index: \d+\s+Cnt: \d+\s+Name: (\S+)/g)]
      .map(([, name]) => name!)
      .sort();
    assert.deepEqual([...dynamic.offers].sort(), defined);
    assert.deepEqual(
      [...dynamic.needed],
      [...told.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name),
    );
    assert.equal(elf.interpreter, /interpreter: (\S+)\]/.exec(told)?.[1]);
  }
});

test("the C library's release is the one that it tells when it is run", async (t) => {
  const libc = librariesOf(process.execPath).find((path) => /libc\.so\.6$/.test(path));
  if (libc === undefined) {
    t.skip('there is no glibc');
    return;
  }
  const { stdout } = spawnSync('ldd', ['--version'], { encoding: 'utf8' });
  const release = /(\d+\.\d+)$/m.exec(stdout)?.[1];
  const facts = await binaryFacts(
    'lib/x86_64-linux-gnu/libc.so.6',
    memorySource(readFileSync(realpathSync(libc))),
  );
  assert.equal(facts?.libcRelease, release);
});

test('architecture, kind and loader are read in 32 and 64 bits and both orders', async () => {
  const read = async (making: object) => {
    const elf = await readElf(memorySource(elfOf(making)));
    return [elf?.architecture, elf?.type, elf?.interpreter];
  };
  const loader = '/lib/ld-musl-aarch64.so.1';
  assert.deepEqual(await read({ machine: 183, type: 3, interpreter: loader }), ['arm64', 'program', loader]);
  assert.deepEqual(await read({ machine: 40, wide: false, type: 3 }), ['arm', 'library', undefined]);
  assert.deepEqual(await read({ machine: 22, big: true }), ['s390x', 'program', undefined]);
  assert.deepEqual(await read({ machine: 21 }), ['ppc64le', 'program', undefined]);
  assert.deepEqual(await read({ machine: 4711, type: 1 }), ['machine-4711', 'other', undefined]);
});

test('the highest version of glibc is found by number', () => {
  assert.equal(
    highestGlibc(['GLIBC_2.9', 'GLIBC_2.34', 'GLIBC_2.4', 'GLIBC_PRIVATE', 'GLIBCXX_3.4.30']),
    '2.34',
  );
  assert.equal(highestGlibc(['GLIBC_PRIVATE']), undefined);
  assert.ok(compareVersions('2.2.5', '2.2') > 0);
});
