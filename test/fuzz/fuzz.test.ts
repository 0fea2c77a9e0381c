import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readTemplate } from '../../scaffold/src/emit/template.ts';
import { templateFolder } from '../../scaffold/src/package.ts';
import { randomFrom } from '../helpers/random.ts';
import { fuzz } from './fuzzer.ts';
import { readOutput } from './go-target.ts';
import { targets } from './targets.ts';

test('every fuzz test of the template is a target', () => {
  const inTemplate = [...readTemplate(templateFolder).files].flatMap(([path, { bytes }]) =>
    path.endsWith('_test.go')
      ? [...new TextDecoder().decode(bytes).matchAll(/^func (Fuzz\w+)\(/gm)].map(
          ([, name]) => `${dirname(path)} ${name}`,
        )
      : [],
  );
  const reached = Object.values(targets).flatMap(({ goTest }) => goTest ?? []);
  assert.deepEqual(inTemplate.sort(), reached.sort());
});

/** Fuzzes a property that breaks where an input holds a zero byte behind the letter q, and answers what broke it. */
async function planted(seed: number): Promise<string[]> {
  const broken: string[] = [];
  let left = 20_000;
  const check = (input: Uint8Array) => {
    const at = input.indexOf(0x71);
    if (at >= 0 && input[at + 1] === 0) throw new Error('found');
    return at >= 0 ? 'has a q' : 'has none';
  };
  const more = () => left-- > 0;
  await fuzz({ seeds: [Buffer.from('quiet')], check }, randomFrom(seed), {
    ...{ more, begin: () => undefined, broken: (input) => broken.push(Buffer.from(input).toString('hex')) },
  });
  return broken;
}

test('an input that breaks the property is found, and the same seed finds the same ones', async () => {
  const found = await planted(7);
  assert.ok(found.length > 0);
  for (const hex of found) assert.match(hex, /7100/);
  assert.deepEqual(await planted(7), found);
  assert.notDeepEqual(await planted(8), found);
});

test('the counts, the failing input and a hang are read from what Go prints', () => {
  const lines = [
    'fuzz: elapsed: 0s, gathering baseline coverage: 0/54 completed',
    'fuzz: elapsed: 3s, execs: 1943 (647/sec), new interesting: 1 (total: 55)',
    'fuzz: elapsed: 6s, execs: 4014 (690/sec), new interesting: 3 (total: 57)',
  ];
  assert.deepEqual(readOutput(lines), {
    counts: { execs: 4014, interesting: 3 },
    input: undefined,
    hung: false,
  });
  const failing = '    Failing input written to testdata/fuzz/FuzzSampler/582528ddfad69eb5';
  assert.equal(readOutput([...lines, failing]).input, '582528ddfad69eb5');
  assert.ok(readOutput(['    fuzzing process hung or terminated unexpectedly: exit status 2']).hung);
});

test('a name nobody knows is refused with the nearest one', () => {
  const main = join(import.meta.dirname, 'main.ts');
  const { status, stderr } = spawnSync(process.execPath, [main, 'samplr'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /there is no target samplr\. Did you mean sampler\?/);
});

// So many that each takes seconds; `npm run fuzz` has the time to look for more.
const short: Readonly<Record<string, number>> = { routes: 50, formats: 1500 };

for (const [name, { question, run }] of Object.entries(targets)) {
  test(`a short run of ${name} breaks nothing: ${question}`, { timeout: 300_000 }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'go-sre-fuzz-test-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const said: string[] = [];
    const tell = (line: string) => said.push(line);
    const { execs, crashes, hangs } = await run({ execs: short[name] ?? 2000 }, { folder, seed: 1, tell });
    assert.deepEqual([...crashes, ...hangs], [], said.join('\n'));
    assert.ok(execs >= (short[name] ?? 2000), `${execs}`);
  });
}
