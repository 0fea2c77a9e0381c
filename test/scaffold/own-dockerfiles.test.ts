// Our own Dockerfiles pass our own gate: every finding of it is one that we would have to mend.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { emitService, fullAnswers, plainAnswers } from '../helpers/emitted-service.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';

const root = join(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'go-sre-own-'));
after(() => rmSync(work, { recursive: true, force: true }));

/** What the gate says of a Dockerfile; whether go.mod is tidy is another test's question. */
async function gate(...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runGoSreInProcess(
    ['check', ...words, '--offline', '--json'],
    root,
  );
  const { findings, ignored } = JSON.parse(stdout);
  return findings.length + ignored + exitCode === 0 ? 'clean' : stdout + stderr;
}

test('emitted services pass the gate without a finding and without an ignore, whatever the options are', async () => {
  const choices = [
    plainAnswers,
    fullAnswers,
    { ...plainAnswers, router: 'gin', with: ['redis'] },
    { ...fullAnswers, router: 'gin', name: 'order-api', module: 'gitlab.com/acme/order-api/v2', port: 9000 },
  ];
  for (const [i, answers] of choices.entries()) {
    const folder = join(work, String(i));
    await emitService(answers, folder);
    assert.equal(await gate(folder), 'clean');
    assert.doesNotMatch(readFileSync(join(folder, 'Dockerfile'), 'utf8'), /ignore=/);
  }
});

test("the collector's Dockerfile passes the gate, beside what is sent to its build", async () => {
  const context = join(work, 'context');
  const ignore = readFileSync(join(root, '.dockerignore'), 'utf8');
  for (const [, path] of ignore.matchAll(/^!(.+)$/gm)) {
    cpSync(join(root, path!), join(context, path!), {
      recursive: true,
      filter: (from) => !/[\\/](dist|node_modules)$/.test(from),
    });
  }
  cpSync(join(root, '.dockerignore'), join(context, '.dockerignore'));
  assert.equal(await gate(join(context, 'collector/Dockerfile'), '--context', context), 'clean');
});
