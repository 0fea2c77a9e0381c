// `go-sre update` over what people do to a service: each edit is made in a service of an older template, which is
// then updated to today's. No edit may be lost, and where no conflict is expected the service must build.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readTemplate } from '../../scaffold/src/emit/template.ts';
import { templateFolder } from '../../scaffold/src/package.ts';
import { tagsOf } from '../helpers/emitted-service.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';
import { changedTemplate, emit, orders, temporaryFolder, tree } from '../helpers/update.ts';

const today = readTemplate(templateFolder);

/** A file of the telemetry package that an earlier version did not have. */
const newer = [...today.files.keys()].find((path) => /^internal\/telemetry\/\w+_test\.go$/.test(path))!;

/** Hashes of the older zap, as go.sum has them. */
const olderZap = `go.uber.org/zap v1.27.0 h1:aJMhYGrd5QSmlpLMr2MftRKl7t8J8PTZPA732ud/XR8=
go.uber.org/zap v1.27.0/go.mod h1:GB2qFLM7cTU87MWRP2mPIjqfIDnGu+VIO4V/SdhGo2E=
`;

/** What an earlier version of the template had otherwise: a constant, a module, a file less, a name, a function. */
const earlier = changedTemplate(today, {
  'internal/orders/orders.go': (text) =>
    text
      .replace('Capacity = 10_000', 'Capacity = 5_000')
      .replace('err != nil || !found', '!found || err != nil'),
  'internal/server/orders.go': (text) => text.replace('"order created"', '"created"'),
  'cmd/shop/shutdown.go': (text) => text.replace('shutdownTimeout = 10', 'shutdownTimeout = 20'),
  'internal/server/routes.go': (text) => text.replace('250 * time.Millisecond', '200 * time.Millisecond'),
  'slo.json': (text) => text.replace('"thresholdSeconds":0.25', '"thresholdSeconds":0.2'),
  'go.mod': (text) => text.replace(/go\.uber\.org\/zap v\S+/, 'go.uber.org/zap v1.27.0'),
  'go.sum': (text) => text.replace(/(?:go\.uber\.org\/zap v.*\n)+/, olderZap),
  Dockerfile: (text) => text.replace(/golang:\S+/, 'golang:1.26.0-alpine'),
  'README.md': (text) => text.replace('# shop\n', '# The service shop\n'),
  [newer]: undefined,
  'internal/telemetry/logger.go': undefined,
  'internal/telemetry/log.go': today.files.get('internal/telemetry/logger.go')!.bytes,
});

type Edit = {
  /** What the user did. */
  does: string;
  edit: (dir: string) => unknown;
  /** What must be somewhere in the service afterwards. */
  keeps: readonly string[];
  /** Files in conflict, with the number of conflicts. */
  conflicts?: Readonly<Record<string, number>>;
  /** Files in which it must be, for edits that have a place. */
  after?: (dir: string) => void;
  /** gofmt wants LF. */
  unformatted?: boolean;
};

const read = (dir: string, path: string) => readFileSync(join(dir, path), 'utf8');

function put(dir: string, path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

function change(dir: string, path: string, from: string | RegExp, to: string): void {
  const text = read(dir, path);
  const changed = text.replace(from, to);
  assert.notEqual(changed, text, `${path} has no ${from}`);
  writeFileSync(join(dir, path), changed);
}

function move(dir: string, from: string, to: string): void {
  mkdirSync(dirname(join(dir, to)), { recursive: true });
  renameSync(join(dir, from), join(dir, to));
}

/** Moves a package and corrects its imports and their order, as an editor does. */
function movePackage(dir: string, from: string, to: string): void {
  move(dir, from, to);
  for (const path of Object.keys(tree(dir)).filter((path) => path.endsWith('.go'))) {
    writeFileSync(
      join(dir, path),
      read(dir, path).replaceAll(`"example.com/orders/${from}"`, `"example.com/orders/${to}"`),
    );
  }
  go(dir, 'gofmt', ['-w', '.']);
}

const edits: readonly Edit[] = [
  {
    does: 'renamed the folder of main, in the Dockerfile too',
    edit: (dir) => {
      move(dir, 'cmd/orders', 'cmd/api');
      change(dir, 'Dockerfile', './cmd/orders', './cmd/api');
      change(dir, 'cmd/api/main.go', 'package main\n', 'package main\n\n// kept-main\n');
    },
    keeps: ['kept-main', './cmd/api'],
    after: (dir) => {
      assert.match(read(dir, 'cmd/api/shutdown.go'), /shutdownTimeout = 10/);
      assert.ok(!Object.keys(tree(dir)).some((path) => path.startsWith('cmd/orders')));
    },
  },
  {
    does: 'moved packages, with their imports',
    edit: (dir) => {
      movePackage(dir, 'internal/orders', 'internal/domain/orders');
      movePackage(dir, 'internal/telemetry', 'internal/platform/telemetry');
      change(
        dir,
        'internal/domain/orders/orders.go',
        'type Store struct {\n',
        'type Store struct { // kept-store\n',
      );
    },
    keeps: ['kept-store'],
    after: (dir) => {
      assert.match(
        read(dir, 'internal/domain/orders/orders.go'),
        /Capacity = 10_000[\s\S]*err != nil \|\| !found/,
      );
      const paths = Object.keys(tree(dir));
      assert.ok(paths.includes(newer.replace('internal/', 'internal/platform/')));
      assert.ok(
        paths.includes('internal/platform/telemetry/logger.go') !==
          paths.includes('internal/platform/telemetry/log.go'),
      );
      assert.ok(!paths.some((path) => /^internal\/(?:telemetry|orders)\//.test(path)));
    },
  },
  {
    does: 'deleted files',
    edit: (dir) => {
      for (const path of ['Dockerfile', '.dockerignore', 'compose.yaml', 'internal/orders/orders_test.go'])
        rmSync(join(dir, path));
    },
    keeps: [],
    after: (dir) =>
      assert.ok(!Object.keys(tree(dir)).some((path) => /docker|compose|orders_test/i.test(path))),
  },
  {
    does: 'changed handlers',
    edit: (dir) => {
      change(
        dir,
        'internal/server/orders.go',
        'order, err := d.Orders.Get(',
        'd.Log.Debug("kept-handler")\n\t\torder, err := d.Orders.Get(',
      );
      change(dir, 'internal/server/payments.go', '"payment captured"', '"kept-payment"');
    },
    keeps: ['kept-handler', 'kept-payment'],
    after: (dir) => assert.match(read(dir, 'internal/server/orders.go'), /"order created"/),
  },
  {
    does: 'changed the Dockerfile',
    edit: (dir) => change(dir, 'Dockerfile', 'USER 65532', 'ENV KEPT=1\nUSER 65532'),
    keeps: [
      'ENV KEPT=1',
      today.files
        .get('Dockerfile')!
        .bytes.toString()
        .match(/golang:\S+/)?.[0] ?? '',
    ],
  },
  {
    does: 'added dependencies and made an indirect one direct',
    edit: (dir) => {
      put(
        dir,
        'internal/ids/ids.go',
        'package ids\n\nimport (\n\t"github.com/google/uuid"\n\t"go.uber.org/atomic"\n)\n\nvar Last atomic.String\n\nfunc New() string { return uuid.NewString() }\n',
      );
      change(
        dir,
        'go.mod',
        '\tgo.uber.org/zap',
        '\tgo.uber.org/atomic v1.12.0 // kept-module\n\tgo.uber.org/zap',
      );
      change(dir, 'go.mod', /(google\/uuid \S+) \/\/ indirect/, '$1');
      const sums = Buffer.from(today.files.get('go.sum')!.bytes)
        .toString()
        .match(/go\.uber\.org\/atomic v1\.12\.0.*\n/g)!;
      change(dir, 'go.sum', /$/, sums.join(''));
    },
    keeps: ['kept-module'],
    after: (dir) => {
      assert.match(read(dir, 'go.mod'), /go\.uber\.org\/zap v1\.28\.0\n/);
      assert.doesNotMatch(read(dir, 'go.mod'), /google\/uuid.*indirect/);
    },
  },
  {
    does: 'added a route to the table',
    edit: (dir) => {
      put(
        dir,
        'internal/server/refunds.go',
        'package server\n\nimport "net/http"\n\nfunc refund(d Deps) http.Handler {\n\treturn http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reply(w, http.StatusOK, "kept-refund") })\n}\n',
      );
      change(
        dir,
        'internal/server/routes.go',
        /(\t\t\{"POST \/payment)/,
        '\t\t{"POST /refunds", refund(d), slo.None, telemetry.Default},\n$1',
      );
    },
    keeps: ['kept-refund', '"POST /refunds"'],
    after: (dir) => assert.match(read(dir, 'internal/server/routes.go'), /250 \* time\.Millisecond/),
  },
  {
    does: 'added own files and packages',
    edit: (dir) => {
      put(
        dir,
        'internal/billing/billing.go',
        'package billing\n\n// Kept is kept-billing.\nconst Kept = 1\n',
      );
      put(dir, 'Makefile', 'all: # kept-make\n');
      put(dir, 'internal/telemetry/own.go', 'package telemetry\n\n// kept-own\nvar _ = 1\n');
    },
    keeps: ['kept-billing', 'kept-make', 'kept-own'],
  },
  {
    does: 'changed the README',
    edit: (dir) => change(dir, 'README.md', '## Ports', 'kept-readme\n\n## Ports'),
    keeps: ['kept-readme', '# orders\n'],
  },
  {
    does: 'edited the telemetry package, in a file that the template renamed',
    edit: (dir) => {
      change(dir, 'internal/telemetry/log.go', '// NewLogger logs', '// kept-logger\n\n// NewLogger logs');
      change(
        dir,
        'internal/telemetry/metrics.go',
        'package telemetry\n',
        'package telemetry\n\n// kept-metrics\n',
      );
    },
    keeps: ['kept-logger', 'kept-metrics'],
    after: (dir) => assert.match(read(dir, 'internal/telemetry/logger.go'), /kept-logger/),
  },
  {
    does: 'converted every text to CRLF',
    edit: (dir) => {
      for (const path of Object.keys(tree(dir)).filter((path) => !path.startsWith('.go-sre/'))) {
        writeFileSync(join(dir, path), read(dir, path).replaceAll('\n', '\r\n'));
      }
      change(
        dir,
        'internal/server/payments.go',
        'package server\r\n',
        'package server\r\n\r\n// kept-crlf\r\n',
      );
    },
    keeps: ['kept-crlf\r\n'],
    unformatted: true,
    after: (dir) => assert.match(read(dir, 'internal/orders/orders.go'), /Capacity = 10_000\r\n/),
  },
  {
    does: 'edited ops/ by hand',
    edit: (dir) => change(dir, 'ops/prometheus/rules.yaml', 'groups:\n', '# kept-rules\ngroups:\n'),
    keeps: ['kept-rules'],
    after: (dir) => assert.match(read(dir, 'slo.json'), /"thresholdSeconds":0\.25/),
  },
  {
    does: 'changed objectives and rendered ops/',
    edit: async (dir) => {
      change(dir, 'internal/server/routes.go', '0.9995', '0.9985');
      change(dir, 'slo.json', '"objective":0.9995', '"objective":0.9985');
      await runGoSreInProcess(['slo', 'render'], dir);
    },
    keeps: ['Availability: 0.9985', '"objective":0.9985', 'vector(0.9985)'],
    after: (dir) => assert.match(read(dir, 'slo.json'), /"thresholdSeconds":0\.25/),
  },
  {
    does: 'changed the module path',
    edit: (dir) => {
      for (const [path, text] of Object.entries(tree(dir))) {
        if (path.endsWith('.go') || path === 'go.mod')
          put(
            dir,
            path,
            text.replace(/^\d+ /, '').replaceAll('example.com/orders', 'github.com/acme/orders'),
          );
      }
    },
    keeps: ['module github.com/acme/orders\n'],
  },
  {
    does: 'changed what the template changed: the user decides',
    edit: (dir) => {
      change(dir, 'internal/orders/orders.go', 'Capacity = 5_000', 'Capacity = 77');
      change(dir, 'internal/server/routes.go', '200 * time.Millisecond', '333 * time.Millisecond');
      change(dir, 'slo.json', '"thresholdSeconds":0.2,', '"thresholdSeconds":0.333,');
      change(
        dir,
        'internal/telemetry/metrics.go',
        'package telemetry\n',
        'package telemetry\n\n// kept-there\n',
      );
    },
    keeps: ['Capacity = 77', '333 * time.Millisecond', '"thresholdSeconds":0.333', 'kept-there'],
    conflicts: { 'internal/orders/orders.go': 1, 'internal/server/routes.go': 1, 'slo.json': 1 },
  },
];

function go(dir: string, command: string, args: readonly string[], tags = tagsOf(orders)): string {
  // -trimpath lets the services share what is compiled, although each lies in another folder.
  const env = { ...process.env, GOFLAGS: `-tags=${tags} -trimpath`, GOWORK: 'off' };
  const ran = spawnSync(command, args, { cwd: dir, env, encoding: 'utf8' });
  assert.equal(ran.status, 0, `${command} ${args.join(' ')}:\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

for (const { does, edit, keeps, conflicts = {}, after, unformatted } of edits) {
  test(`someone ${does}`, async (t) => {
    const dir = join(temporaryFolder(t), 'orders');
    await emit(dir, earlier, orders);
    await edit(dir);
    const deps = { readTemplate: () => today };
    const ran = await runGoSreInProcess(['update', '--json'], dir, deps);
    const report = JSON.parse(ran.stdout || JSON.stringify(ran)) as { conflicts: { path: string }[] };
    const counts: Record<string, number> = {};
    for (const { path } of report.conflicts) counts[path] = (counts[path] ?? 0) + 1;
    assert.deepEqual(counts, conflicts);
    assert.equal(ran.exitCode, report.conflicts.length > 0 ? 3 : 0);
    const everything = Object.values(tree(dir)).join('\n');
    for (const text of keeps) assert.ok(everything.includes(text), `${text} is lost`);
    after?.(dir);
    if (report.conflicts.length > 0) return;
    if (!unformatted) assert.equal(go(dir, 'gofmt', ['-l', '.']), '');
    go(dir, 'go', ['build', './...']);
    go(dir, 'go', ['vet', './...']);
    assert.match((await runGoSreInProcess(['update'], dir, deps)).stdout, /^Nothing to do/);
  });
}

test('an update to gin, with PostgreSQL and Redis, gives a service that is formatted, builds, is vetted and tidy', async (t) => {
  const dir = join(temporaryFolder(t), 'orders');
  await emit(dir, today, orders);
  const flags = ['--router', 'gin', '--with', 'postgres,redis'];
  const ran = await runGoSreInProcess(['update', ...flags], dir, { readTemplate: () => today });
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  const tags = tagsOf({ ...orders, router: 'gin', with: ['postgres', 'redis'] });
  assert.match(read(dir, 'Dockerfile'), new RegExp(`go build -tags ${tags} `));
  assert.equal(go(dir, 'gofmt', ['-l', '.']), '');
  go(dir, 'go', ['build', './...'], tags);
  go(dir, 'go', ['vet', './...'], tags);
  assert.equal(go(dir, 'go', ['mod', 'tidy', '-diff'], tags), '');
});
