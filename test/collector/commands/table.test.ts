import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { USAGE } from '../../../collector/commands/flags.ts';
import { COMMANDS, commandNamed } from '../../../collector/commands/table.ts';
import { main } from '../../../collector/main.ts';

test('the help lists every command, and each answers --help by its own name', async () => {
  for (const { name, about, load } of COMMANDS) {
    assert.ok(USAGE.includes(`  ${name} `) && USAGE.includes(about), name);
    let output = '';
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        output += String(chunk);
        done();
      },
    });
    const run = await load();
    const none = () => assert.fail('--help needs nothing from outside');
    const deps = { tell: none, baseDir: '/', clock: none, fetch: none };
    assert.equal(await run(['--help'], { ...deps, output: sink, live: { show: none, every: none } }), 0);
    assert.match(output, new RegExp(`^go-sre-collector ${name} `));
  }
});

test('a word that is no command is refused, with the one that may be meant', async (t) => {
  const told: string[] = [];
  t.mock.method(console, 'error', (line: string) => told.push(line));
  assert.equal(await main(['explian', '--since', '1h']), 2);
  assert.deepEqual(told, [
    'go-sre-collector: there is no command explian. Did you mean explain?\nSee go-sre-collector --help.',
  ]);
  const far = commandNamed('x');
  assert.match('problem' in far ? far.problem : '', /^there is no command x\. There are explain, incident, /);
});
