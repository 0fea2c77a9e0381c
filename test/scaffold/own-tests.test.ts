// What a newcomer adds first must not turn the tests of the service red: they hold for any table of routes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { emitService, plainAnswers, tagsOf } from '../helpers/emitted-service.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';

const folder = mkdtempSync(join(tmpdir(), 'own-tests-'));
const service = join(folder, 'shop');

after(() => rmSync(folder, { recursive: true, force: true }));

const natural = ['DELETE /orders/{id}', 'PUT /orders/{id}', 'POST /orders/{id}', 'GET /nowhere'];

// ServeMux holds one of the two only: both match every GET.
for (const catchAll of ['GET /', 'GET /{path...}']) {
  test(`a service passes its own tests with ${[...natural, catchAll].join(', ')} added`, async () => {
    rmSync(service, { recursive: true, force: true }); // in the same place again, so that go builds little anew
    await emitService(plainAnswers, service);
    for (const route of [...natural, catchAll]) {
      const ran = await runGoSreInProcess(['route', 'add', ...route.split(' ')], service);
      assert.equal(ran.exitCode, 0, `${route}: ${ran.stderr}${ran.stdout}`);
    }
    const env = { ...process.env, GOFLAGS: `-tags=${tagsOf(plainAnswers)}`, GOWORK: 'off' };
    const tested = spawnSync('go', ['test', './internal/server', './cmd/...'], {
      cwd: service,
      env,
      encoding: 'utf8',
    });
    assert.equal(tested.status, 0, `${tested.stdout}${tested.stderr}`);
  });
}
