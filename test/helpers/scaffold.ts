// A template of a few files, a disk that fails on demand and a terminal in memory, for tests of the generator.
import * as realDisk from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import type { GoSreDeps } from '../../scaffold/src/command.ts';
import type { CommandDeps } from '../../scaffold/src/create/command.ts';
import { runCreate } from '../../scaffold/src/create/command.ts';
import type { Disk } from '../../scaffold/src/create/write.ts';
import type { Template } from '../../scaffold/src/emit/template.ts';
import { runGoSre } from '../../scaffold/src/go-sre-command.ts';
import { programRunner } from '../../scaffold/src/processes.ts';

const slo = `{
  "schema": "go-sre.slo/v1",
  "service": "shop",
  "owner": "team-shop",
  "runbook": "README.md#runbook",
  "slos": [
    {"id":"get-orders-id-availability","kind":"availability","method":"GET","route":"/orders/{id}","objective":0.999,"window":"30d"},
    {"id":"get-api-v2-verify-availability","kind":"availability","method":"GET","route":"/api/v2/verify","objective":0.999,"window":"30d"}
  ]
}
`;

/** A template with an option of --with, both routers and CI systems, and every kind of place that is replaced or removed. */
export function smallTemplate(): Template {
  const texts: Record<string, string> = {
    'cmd/shop/main.go': `package main

import (
	"fmt"

	//go-sre:begin redis
	"example.com/shop/internal/cache"
	//go-sre:end
	"example.com/shop/internal/server"
)

func main() { fmt.Println("shop", ":8080", ":8081", server.Name) }
`,
    'internal/cache/cache.go': 'package cache\n',
    'internal/server/server.go':
      'package server\n\nconst Name = "shop" // shopping carts come later\n\nvar shop = `shop`\n',
    'go.mod':
      'module example.com/shop\n\nrequire (\n\texample.org/both v1.0.0\n\texample.org/gin v1.0.0\n\texample.org/one v1.0.0\n\texample.org/redis v1.0.0\n)\n\nrequire (\n\texample.org/always v1.0.0 // indirect\n\texample.org/deep v1.0.0 // indirect\n)\n',
    'go.sum':
      'example.org/both v1.0.0 h1:b=\nexample.org/both v1.10.0/go.mod h1:c=\nexample.org/one v1.0.0 h1:shop/8080=\nexample.org/redis v1.0.0 h1:x=\n',
    'internal/server/router.go':
      '//go-sre:begin template\n//go:build !gin\n\n//go-sre:end\npackage server\n\n// On net/http.\n',
    'internal/server/router_gin.go':
      '//go-sre:begin template\n//go:build gin\n\n//go-sre:end\npackage server\n\n// On gin.\n',
    '.gitlab-ci.yml': 'variables: { GOFLAGS: "-tags=grpcnotrace" }\n',
    '.github/workflows/ci.yml': 'jobs: { test: { run: go test -tags grpcnotrace ./... } }\n',
    'compose.yaml':
      'services:\n  shop:\n    ports: ["8080:8080"]\n  # go-sre:begin redis\n  redis: {}\n  # go-sre:end\n',
    'README.md':
      '# shop\n\n<!-- go-sre:begin redis -->\nIt uses Redis.\n<!-- go-sre:end -->\n\nOn localhost:8081.\n',
    '.gitignore': '/shop\n',
    'slo.json': slo,
  };
  return {
    options: [
      {
        name: 'redis',
        flag: 'with',
        title: 'sessions in Redis',
        files: ['internal/cache/'],
        renames: new Map(),
        buildTags: [],
        slos: ['get-api-v2-verify-availability'],
      },
      {
        name: 'nethttp',
        flag: 'router',
        title: 'ServeMux',
        files: ['internal/server/router.go'],
        renames: new Map(),
        buildTags: [],
        slos: [],
      },
      {
        name: 'gin',
        flag: 'router',
        title: 'gin',
        files: ['internal/server/router_gin.go'],
        renames: new Map([['internal/server/router_gin.go', 'internal/server/router.go']]),
        buildTags: ['nomsgpack'],
        slos: [],
      },
      {
        name: 'gitlab',
        flag: 'ci',
        title: 'GitLab CI',
        files: ['.gitlab-ci.yml'],
        renames: new Map(),
        buildTags: [],
        slos: [],
      },
      {
        name: 'github',
        flag: 'ci',
        title: 'GitHub Actions',
        files: ['.github/'],
        renames: new Map(),
        buildTags: [],
        slos: [],
      },
    ],
    modules: {
      goMod: new Map([
        ['example.org/redis v1.0.0', ['redis']],
        ['example.org/gin v1.0.0', ['gin']],
        ['example.org/both v1.0.0', ['redis']],
        ['example.org/both v1.0.0 // indirect', ['gin !redis']],
      ]),
      goSum: new Map([
        ['example.org/both v1.0.0 h1:b=', ['redis', 'gin']],
        ['example.org/both v1.9.0/go.mod h1:b=', ['!redis !gin']],
        ['example.org/redis v1.0.0 h1:x=', ['redis']],
      ]),
    },
    files: new Map(
      Object.entries(texts).map(([path, text]) => [path, { bytes: Buffer.from(text), mode: 0o644 }]),
    ),
  };
}

/** The real disk, but every call of `method` from the `nth` on fails with this system error. */
export function failingDisk(method: keyof Disk, code: string, nth = 1): Disk {
  const disk: Disk = { ...realDisk };
  const working = disk[method] as (...args: unknown[]) => Promise<unknown>;
  let calls = 0;
  const fail = (...args: unknown[]) => {
    calls += 1;
    if (calls >= nth) return Promise.reject(Object.assign(new Error(`${code}: ${method}`), { code }));
    return working(...args);
  };
  return { ...disk, [method]: fail };
}

/** What a run of the command gave. */
export type Ran = { exitCode: number; stdout: string; stderr: string };

/** Runs `create-go-sre-service ARGV` in this process, in `cwd`, without a terminal unless `keys` are typed. */
export async function runInProcess(
  argv: readonly string[],
  cwd: string,
  { keys, ...deps }: Partial<CommandDeps> & { keys?: readonly string[] } = {},
): Promise<Ran> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const printed = [stdout, stderr].map(collect);
  const person = keys !== undefined;
  if (person) typeWhenAsked(keys, stdin, stdout);
  const exitCode = await runCreate(argv, {
    readTemplate: smallTemplate,
    version: '1.2.3',
    disk: realDisk,
    git: async () => ({ status: undefined, output: '' }),
    stdin: Object.assign(stdin, { isTTY: person, setRawMode: () => stdin }),
    stdout: Object.assign(stdout, { isTTY: person }),
    stderr,
    cwd,
    ...deps,
  });
  return { exitCode, stdout: printed[0]!(), stderr: printed[1]!() };
}

/** Runs `go-sre ARGV` in this process, in `cwd`, without a git. */
export async function runGoSreInProcess(
  argv: readonly string[],
  cwd: string,
  deps: Partial<GoSreDeps> = {},
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const printed = [stdout, stderr].map(collect);
  const exitCode = await runGoSre(argv, {
    readTemplate: smallTemplate,
    version: '1.2.3',
    disk: realDisk,
    git: async () => ({ status: undefined, output: '' }),
    run: programRunner(process.env),
    env: process.env,
    now: () => Date.parse('2026-11-26T12:00:00Z'),
    fetch: async () => {
      throw new Error('this test has no network');
    },
    signal: new AbortController().signal,
    stdin: Readable.from([]),
    stdout,
    stderr,
    cwd,
    ...deps,
  });
  return { exitCode, stdout: printed[0]!(), stderr: printed[1]!() };
}

function collect(stream: PassThrough): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/** Types the next keys each time a new prompt (clack marks the open one with ◆) has been drawn. */
function typeWhenAsked(keys: readonly string[], stdin: PassThrough, stdout: PassThrough): void {
  const left = [...keys];
  let asked = '';
  stdout.on('data', (chunk: Buffer) => {
    const question = /◆\s+([^\n]+)/.exec(chunk.toString())?.[1];
    if (question === undefined || question === asked) return;
    asked = question;
    const next = left.shift();
    if (next !== undefined) setImmediate(() => stdin.write(next));
  });
}
