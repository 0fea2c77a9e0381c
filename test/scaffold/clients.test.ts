import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../helpers/collector.ts';
import { postgresFor, redisFor } from '../helpers/database-servers.ts';
import { emitService, fullAnswers } from '../helpers/emitted-service.ts';

/** One line of `go test -json`. Source: https://pkg.go.dev/cmd/test2json */
type TestEvent = { Action: string; Package?: string; Test?: string; Output?: string };

const packages = ['cache', 'database', 'products', 'server'];

/** A test of each package that needs its server: where it passed, the others found theirs too. */
const needServers: Record<string, string> = {
  cache: 'TestAReadIsOneSpanWithItsDialInside/TEST_REDIS_ADDR',
  database: 'TestAReadWhoseConnectionWasKilledIsMadeAgain',
  products: 'TestAProductIsKeptWithEveryPriceItHad',
  server: 'TestProducts',
};

test('the clients of an emitted service pass their tests against a real PostgreSQL and a real Redis', async (t) => {
  const database = await postgresFor(t);
  const redis = await redisFor(t);
  if (!database || !redis) return;
  const service = join(folderOf(t), 'shop');
  await emitService({ ...fullAnswers, with: ['postgres', 'redis'] }, service);

  const paths = packages.map((name) => `./internal/${name}/...`);
  const go = spawnSync('go', ['test', '-tags', 'grpcnotrace', '-count=1', '-json', ...paths], {
    cwd: service,
    env: { ...process.env, TEST_DATABASE_URL: database, TEST_REDIS_ADDR: redis },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const events = go.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as TestEvent);
  assert.equal(go.status, 0, `${wordsOfFailures(events)}\n${go.stderr}`);
  const withAction = (action: string) =>
    events.flatMap(({ Action, Package, Test }) => (Action === action && Test ? `${Package} ${Test}` : []));
  assert.deepEqual(withAction('skip'), [], 'skipped, although the servers are there');
  const passed = withAction('pass');
  for (const name of packages) {
    const wanted = `example.com/shop/internal/${name} ${needServers[name]}`;
    assert.ok(passed.includes(wanted), `${wanted} did not run`);
  }
});

/** What the tests that failed printed, and what belongs to no test, such as a compiler's errors. */
function wordsOfFailures(events: readonly TestEvent[]): string {
  const name = ({ Package, Test }: TestEvent) => `${Package} ${Test}`;
  const failed = new Set(events.filter(({ Action }) => Action === 'fail').map(name));
  return events
    .flatMap((event) => (!event.Test || failed.has(name(event)) ? (event.Output ?? []) : []))
    .join('');
}
