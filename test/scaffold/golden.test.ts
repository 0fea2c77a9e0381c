import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { goldenPath, goldenServices, planGolden } from '../helpers/golden.ts';

/** Runs a Go command in a golden service; fails with its output. */
function go(service: string, command: string, args: readonly string[]): string {
  const env = { ...process.env, GOFLAGS: '-tags=grpcnotrace', GOWORK: 'off' };
  const ran = spawnSync(command, args, { cwd: goldenPath(service), env, encoding: 'utf8' });
  assert.equal(ran.status, 0, `${command} ${args.join(' ')} in ${service}:\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

for (const service of Object.keys(goldenServices)) {
  test(`the golden service ${service} is what the generator emits now (else: npm run golden, and read the diff)`, () => {
    const planned = planGolden(service);
    const there = readdirSync(goldenPath(service), { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(goldenPath(service), path)).isFile())
      .sort();
    assert.deepEqual(there, [...planned.keys()].sort());
    for (const [path, { bytes }] of planned) {
      const golden = readFileSync(join(goldenPath(service), path), 'utf8');
      assert.equal(golden, Buffer.from(bytes).toString(), `${service}/${path}`);
    }
  });

  test(`the golden service ${service} is formatted, vetted, tidy, and builds`, () => {
    assert.equal(go(service, 'gofmt', ['-l', '.']), '');
    go(service, 'go', ['vet', './...']);
    go(service, 'go', ['build', '-o', '/dev/null', './...']);
    assert.equal(go(service, 'go', ['mod', 'tidy', '-diff']), '');
  });

  test(`the golden service ${service} passes its own tests`, () => {
    assert.match(go(service, 'go', ['test', './...']), /^ok\s/m);
  });
}
