import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CreateAnswers } from '../../scaffold/src/answers.ts';
import { nextSteps } from '../../scaffold/src/create/next-steps.ts';
import { readTemplate } from '../../scaffold/src/emit/template.ts';
import { templateFolder } from '../../scaffold/src/package.ts';

const { options } = readTemplate(templateFolder);

const answers: CreateAnswers = {
  name: 'orders',
  module: 'example.com/orders',
  port: 9000,
  router: 'nethttp',
  with: [],
  ci: [],
  dir: '/home/me/orders',
  git: true,
};

function commands(more: Partial<CreateAnswers>): string[] {
  return nextSteps({ ...answers, ...more }, options, { cwd: '/home/me' }).map(({ run }) => run);
}

test('the service is run with the build tags of its router', () => {
  assert.ok(commands({}).some((run) => run.endsWith('go run -tags grpcnotrace ./cmd/orders')));
  const gin = commands({ router: 'gin' });
  assert.ok(gin.some((run) => run.endsWith('go run -tags grpcnotrace,nomsgpack ./cmd/orders')));
});

test('with PostgreSQL the database and its tables come before the service, which is told where it is', () => {
  const run = commands({ with: ['postgres'] });
  const url = 'DATABASE_URL=postgres://orders:orders@localhost:5432/orders';
  const migrate = run.findIndex((command) =>
    command.endsWith(`${url} go run -tags grpcnotrace ./cmd/orders migrate`),
  );
  const serve = run.findIndex((command) => command.startsWith(`${url} OTEL_TRACES_SAMPLER=always_on`));
  assert.match(run[migrate]!, /^docker compose up -d --wait postgres && /);
  assert.ok(migrate > 0 && migrate < serve, run.join('\n'));
});

test('the collector comes after the service that it asks for metrics, and before the first request', () => {
  const run = commands({ with: ['postgres'] });
  const places = ['always_on', '--scrape', 'curl -i'].map((words) =>
    run.findIndex((command) => command.includes(words)),
  );
  assert.ok(places[0]! > 0);
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
});

test('with Redis it comes before the service', () => {
  const run = commands({ with: ['redis'] });
  const redis = run.indexOf('docker compose up -d --wait redis');
  assert.ok(redis > 0 && redis < run.findIndex((command) => command.includes('go run')), run.join('\n'));
});

test('each part that the service reaches out to is told with the path that answers 503 without it', () => {
  const told = nextSteps({ ...answers, with: ['redis', 'postgres', 'http-client'] }, options, { cwd: '/' })
    .map(({ does }) => does)
    .join('\n');
  for (const path of ['/api/v2/verify', '/products', '/shipping'])
    assert.ok(told.includes(`${path} answers 503`), told);
  assert.doesNotMatch(told, /everything but/);
});

test('what needs nothing to start adds no step', () => {
  assert.deepEqual(commands({ with: ['http-client'] }), commands({}));
});

test('a target that is the current folder needs no step into it', () => {
  assert.equal(commands({})[0], 'cd orders');
  assert.doesNotMatch(commands({ dir: '/home/me' })[0]!, /^cd orders/);
});
