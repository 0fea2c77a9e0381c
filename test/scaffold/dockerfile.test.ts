import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programRunner } from '../../scaffold/src/processes.ts';
import { goFolder, program } from '../helpers/go-folder.ts';
import { copiedFiles, filesUnder } from '../helpers/planned-context.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';

/** Nothing is fetched, whatever the machine is set up for; the flags are those that break what reads go.mod. */
const run = programRunner({
  ...process.env,
  ...{ GOPROXY: 'off', GOFLAGS: '-mod=mod', GOPRIVATE: '', GOWORK: '', GO111MODULE: 'off', GOOS: 'darwin' },
});

async function generate(dir: string, ...flags: string[]) {
  const fixed = [
    '--go-version',
    '1.26.8',
    ...(flags.includes('--platform') ? [] : ['--platform', 'linux/amd64']),
  ];
  const ran = await runGoSreInProcess(['dockerfile', ...fixed, ...flags], dir, { run });
  assert.equal(ran.exitCode, 0, ran.stderr);
  return ran;
}

const text = (dir: string, name = 'Dockerfile') => readFileSync(join(dir, name), 'utf8');

function copied(dir: string, name = 'Dockerfile', ignore = '.dockerignore'): string[] {
  const files = filesUnder(dir).filter((path) => path !== name && path !== ignore);
  return [...copiedFiles(files, text(dir, name), text(dir, ignore)).keys()].sort();
}

const goMod = (path: string, ...more: string[]) =>
  `module ${path}\n\ngo 1.22\n${more.map((line) => `\n${line}\n`).join('')}`;

test('copies what the program links and embeds, and nothing that only tests reach', async (t) => {
  const dir = goFolder(t, {
    'go.mod': goMod('x.org/app'),
    'cmd/app/main.go': program('x.org/app/internal/web'),
    'cmd/app/main_test.go': 'package main\n\nimport _ "x.org/app/internal/testkit"\n',
    'internal/web/web.go':
      'package web\n\nimport "embed"\n\n//go:embed all:static pages/*.tmpl README.md\nvar Files embed.FS\n',
    'internal/web/README.md': 'embedded\n',
    'internal/web/NOTES.md': 'not embedded\n',
    'internal/web/static/.well-known/x.json': '{}',
    'internal/web/static/testdata/a_test.go': 'embedded, and no test\n',
    'internal/web/pages/a.tmpl': 'a',
    'internal/web/pages/draft/b.txt': 'b',
    'internal/testkit/testkit.go': 'package testkit\n',
    'docs/index.md': 'docs\n',
    'scripts/release.sh': 'true\n',
  });
  await generate(dir);
  assert.deepEqual(copied(dir), [
    'cmd/app/main.go',
    'go.mod',
    'internal/web/README.md',
    'internal/web/pages/a.tmpl',
    'internal/web/static/.well-known/x.json',
    'internal/web/static/testdata/a_test.go',
    'internal/web/web.go',
  ]);
});

test('brings what every module of a workspace needs, and builds from its folder', async (t) => {
  const dir = goFolder(t, {
    'go.work': 'go 1.22\n\nuse (\n\t./lib\n\t./services/api\n\t./services/other\n)\n',
    'lib/go.mod': goMod('x.org/lib'),
    'lib/lib.go': 'package lib\n',
    'lib/unused/unused.go': 'package unused\n',
    'services/api/go.mod': goMod('x.org/api'),
    'services/api/main.go': program('x.org/lib'),
    'services/other/go.mod': goMod('x.org/other'),
    'services/other/main.go': program(),
  });
  await generate(dir, '--main', './services/api');
  assert.deepEqual(copied(dir), [
    ...['go.work', 'lib/go.mod', 'lib/lib.go', 'services/api/go.mod', 'services/api/main.go'],
    'services/other/go.mod',
  ]);
  assert.match(text(dir), /-o \/out\/api \.\/services\/api$/m);
  await generate(dir, '--main', './services/api', '--main', './services/other');
  assert.match(text(dir), /^# Targets: api, other; without one, the last\.$/m);
});

test('writes into the folder of one program of a workspace, for the context above it', async (t) => {
  const dir = goFolder(t, {
    'go.work': 'go 1.22\n\nuse ./lib\nuse ./api\n',
    'lib/go.mod': goMod('x.org/lib'),
    'lib/lib.go': 'package lib\n',
    'api/go.mod': goMod('x.org/api'),
    'api/main.go': program('x.org/lib'),
  });
  await generate(join(dir, 'api'));
  assert.match(text(dir, 'api/Dockerfile'), /^# Build: docker build --file api\/Dockerfile \.$/m);
  assert.deepEqual(copied(dir, 'api/Dockerfile', 'api/Dockerfile.dockerignore'), [
    ...['api/go.mod', 'api/main.go', 'go.work', 'lib/go.mod', 'lib/lib.go'],
  ]);
});

test('leaves out a go.work that names modules which are not there, as in a module from the proxy', async (t) => {
  const dir = goFolder(t, {
    'go.work': 'go 1.22\n\nuse .\nuse ./tools\n',
    'go.mod': goMod('x.org/app'),
    'main.go': program(),
  });
  await generate(dir);
  assert.deepEqual(copied(dir), ['go.mod', 'main.go']);
  const { stdout } = await generate(dir, '--explain');
  assert.match(stdout, /go\.work\s+not used\s+it uses modules that are not there: tools/);
});

test('copies local replacements, and of one that only tests import its go.mod alone', async (t) => {
  const dir = goFolder(t, {
    'go.mod': goMod(
      'x.org/app',
      'require (\n\tx.org/kit v0.0.0\n\tx.org/lib v0.0.0\n)',
      'replace x.org/lib => "./third party/lib"\n\nreplace x.org/kit => ./kit',
    ),
    'main.go': program('x.org/lib/deep'),
    'main_test.go': 'package main\n\nimport _ "x.org/kit"\n',
    'third party/lib/go.mod': goMod('x.org/lib'),
    'third party/lib/deep/deep.go': 'package deep\n',
    'third party/lib/shallow/shallow.go': 'package shallow\n',
    'kit/go.mod': goMod('x.org/kit'),
    'kit/kit.go': 'package kit\n',
  });
  await generate(dir);
  assert.deepEqual(copied(dir), [
    'go.mod',
    'kit/go.mod',
    'main.go',
    'third party/lib/deep/deep.go',
    'third party/lib/go.mod',
  ]);
  const { stdout } = await generate(dir, '--explain');
  assert.match(stdout, /^ {2}test +x\.org\/kit v0\.0\.0/m);
  assert.match(stdout, /^ {2}runtime +x\.org\/lib v0\.0\.0 +x\.org\/app imports x\.org\/lib\/deep/m);
  assert.match(stdout, /disagree\n {2}nowhere\n/);
});

test('tells to send the folder above when a replacement lies outside, and builds from there', async (t) => {
  const dir = goFolder(t, {
    'app/go.mod': goMod('x.org/app', 'require x.org/lib v0.0.0', 'replace x.org/lib => ../lib'),
    'app/cmd/app/main.go': program('x.org/lib'),
    'lib/go.mod': goMod('x.org/lib'),
    'lib/lib.go': 'package lib\n',
  });
  const app = join(dir, 'app');
  const refused = await runGoSreInProcess(['dockerfile'], app, { run });
  assert.equal(refused.exitCode, 1);
  assert.ok(refused.stderr.includes(`--context ${dir}.`), refused.stderr);
  await generate(app, '--context', '..');
  assert.deepEqual(copied(dir, 'app/Dockerfile', 'app/Dockerfile.dockerignore'), [
    ...['app/cmd/app/main.go', 'app/go.mod', 'lib/go.mod', 'lib/lib.go'],
  ]);
  assert.match(text(app), /^WORKDIR \/src\/app$/m);
  assert.match(text(app), /-o \/out\/app \.\/cmd\/app$/m);
});

test('takes modules from vendor and downloads nothing', async (t) => {
  const dir = goFolder(t, {
    'go.mod': goMod('x.org/app', 'require x.org/dep v1.0.0'),
    'main.go': program('x.org/dep'),
    'vendor/modules.txt': '# x.org/dep v1.0.0\n## explicit; go 1.22\nx.org/dep\nx.org/dep/kit\n',
    'vendor/x.org/dep/dep.go': 'package dep\n',
    'vendor/x.org/dep/kit/kit.go': 'package kit\n',
  });
  const ran = await runGoSreInProcess(['dockerfile', '--go-version', '1.26.8'], dir, {
    run: programRunner({ ...process.env, GOPROXY: 'off', GOFLAGS: '', GOWORK: '' }),
  });
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.deepEqual(copied(dir), ['go.mod', 'main.go', 'vendor/modules.txt', 'vendor/x.org/dep/dep.go']);
  assert.match(text(dir), /go build -mod=vendor/);
  assert.doesNotMatch(text(dir), /\/go\/pkg\/mod/);
});

test('finds C by its files, copies what they include, and builds without it where Go does the same', async (t) => {
  const files = {
    'go.mod': goMod('x.org/app'),
    'main.go': program('x.org/app/c'),
    'c/c.go':
      'package c\n\n// #cgo CFLAGS: -I${SRCDIR}/../include\n// #include "impl/impl.h"\n// #include "lib.h"\nimport "C"\n\nvar X = C.answer\n',
    'c/impl/impl.h': '#define answer 42\n',
    'include/lib.h': '\n',
    'c/README.md': 'no C\n',
    'c/c_test.go': 'package c\n',
  };
  const dir = goFolder(t, files);
  await generate(dir);
  assert.deepEqual(copied(dir), ['c/c.go', 'c/impl/impl.h', 'go.mod', 'include/lib.h', 'main.go']);
  assert.match(text(dir), /^FROM golang:1\.26\.8-trixie AS build$/m);
  assert.match(text(dir), /cc-debian13/);
  const atTop = goFolder(t, {
    'go.mod': goMod('x.org/app'),
    'main.go': 'package main\n\n// #include "src/x.h"\nimport "C"\n\nfunc main() { _ = C.x }\n',
    'src/x.h': '#define x 1\n',
    'docs/index.md': 'no C\n',
    'other/go.mod': goMod('x.org/other'),
    'other/other.c': '\n',
  });
  await generate(atTop);
  assert.deepEqual(copied(atTop), ['go.mod', 'main.go', 'src/x.h']);
  const both = goFolder(t, { ...files, 'c/pure.go': '//go:build !cgo\n\npackage c\n\nvar X = 42\n' });
  await generate(both);
  assert.match(text(both), /^ENV CGO_ENABLED=0$/m);
  const stub = goFolder(t, {
    ...files,
    'c/stub.go': '//go:build !cgo\n\npackage c\n\n// X requires cgo.\nvar X = 0\n',
  });
  await generate(stub);
  assert.match(text(stub), /^ENV CGO_ENABLED=1$/m);
});

test('reads what a program needs at run time from its imports and calls, not from comments', async (t) => {
  const programs = {
    plain: 'func main() {}',
    web: 'import _ "net/http"\n\nfunc main() {}',
    zones: 'import "time"\n\nfunc main() { time.LoadLocation("UTC") }',
    comment: 'import "time"\n\n// time.LoadLocation("UTC")\nvar _ = time.Now\n\nfunc main() {}',
    shell: 'import "os/exec"\n\nfunc main() { exec.Command("sh", "-c", "date").Run() }',
    bash: 'import "os/exec"\n\nconst shell = "/bin/bash"\n\nfunc main() { exec.Command(shell).Run() }',
    tool: 'import "os/exec"\n\nfunc main() { exec.Command("git", "sh").Run() }',
  };
  const files = Object.entries(programs).map(([name, code]) => [
    `cmd/${name}/main.go`,
    `package main\n\n${code}\n`,
  ]);
  const dir = goFolder(t, { 'go.mod': goMod('x.org/app'), ...Object.fromEntries(files) });
  await generate(dir);
  const reasons = [...text(dir).matchAll(/^# (.*)\nFROM \S+ AS (\w+)/gm)].map(([, reason, name]) => [
    name,
    reason,
  ]);
  assert.deepEqual(Object.fromEntries(reasons), {
    plain: 'scratch: the binary is static and needs no other file.',
    web: 'scratch: the binary is static and needs no other file beside the CA bundle.',
    zones: 'distroless static: it loads time zones (x.org/app/cmd/zones).',
    comment: 'scratch: the binary is static and needs no other file.',
    shell: 'alpine: it starts a shell (x.org/app/cmd/shell).',
    bash: 'alpine: it starts a shell (x.org/app/cmd/bash).',
    tool: 'scratch: the binary is static and needs no other file.',
  });
});

test('sets the version variables that it finds, but not one that holds a release', async (t) => {
  const dir = goFolder(t, {
    'go.mod': goMod('x.org/app'),
    'main.go':
      'package main\n\nimport _ "x.org/app/internal/version"\n\nvar (\n\tversion = "dev"\n\tcommit, date string\n\tbuilt = now()\n)\n\nconst Version = "x"\n\nfunc now() string { return commit + date + version }\n\nfunc main() { version := built; _ = version }\n',
    'internal/version/version.go':
      'package version\n\nimport _ "embed"\n\nvar Version = "v1.2.3"\nvar Revision string\n\n//go:embed version.txt\nvar buildVersion string\n',
    'internal/version/version.txt': '1.2.3\n',
  });
  await generate(dir);
  const flags = [...text(dir).matchAll(/-X (\S+?)=\$\{(\w+)\}/g)].map(([, name, arg]) => `${name} ${arg}`);
  assert.deepEqual(flags, [
    'main.version VERSION',
    'main.commit REVISION',
    'main.date CREATED',
    'x.org/app/internal/version.Revision REVISION',
  ]);
  await generate(dir, '--force', '--version-var', 'none');
  assert.doesNotMatch(text(dir), /-X /);
});

test('works without a go line, with Windows line ends, build tags and files for other processors', async (t) => {
  const dir = goFolder(t, {
    'go.mod': 'module x.org/app\r\n',
    'main.go': 'package main\r\n\r\nfunc main() {}\r\n',
    'extra.go': '//go:build extra\n\npackage main\n\nimport _ "x.org/app/extra"\n',
    'arm_arm64.go': 'package main\n\nimport _ "x.org/app/arm"\n',
    'extra/extra.go': 'package extra\n',
    'arm/arm.go': 'package arm\n',
    'arm/add_arm64.s': '\n',
  });
  await generate(dir, '--platform', 'linux/amd64,linux/arm64');
  assert.deepEqual(copied(dir), [
    'arm/add_arm64.s',
    'arm/arm.go',
    'arm_arm64.go',
    'extra.go',
    'go.mod',
    'main.go',
  ]);
  await generate(dir, '--tags', 'extra', '--platform', 'linux/amd64');
  assert.ok(copied(dir).includes('extra/extra.go'));
  assert.ok(!copied(dir).includes('arm/arm.go'));
  assert.match(text(dir), /go build -tags extra -trimpath/);
});

test('counts a call in a library only where something leads to the function it stands in', async (t) => {
  const lib = `package lib

import (
	"os"
	osuser "os/user"
)

var current = osuser.Current

// Dump writes to a file beside the others.
func Dump() { create() }

func create() {
	os.CreateTemp("", "x")
}

type T struct{}

func (T) Name() string {
	user, _ := current()
	return user.Name
}

func Plain() {}
`;
  const files = (call: string, text: string) => ({
    'go.mod': goMod('x.org/app', 'require x.org/lib v0.0.0', 'replace x.org/lib => ./lib'),
    'main.go': `package main\n\nimport "x.org/lib"\n\nfunc main() { lib.${call}() }\n`,
    'lib/go.mod': goMod('x.org/lib'),
    'lib/lib.go': text,
  });
  const reason = async (call: string, text: string) => {
    const dir = goFolder(t, files(call, text));
    await generate(dir);
    return /^# (.*)\nFROM/m.exec(readFileSync(join(dir, 'Dockerfile'), 'utf8'))?.[1];
  };
  const withoutUser = lib.replace(
    'var current = osuser.Current',
    'var current = func() (*osuser.User, error) { return nil, nil }',
  );
  assert.equal(await reason('Plain', withoutUser), 'scratch: the binary is static and needs no other file.');
  assert.equal(
    await reason('Dump', withoutUser),
    'distroless static: it writes temporary files (x.org/lib).',
  );
  assert.equal(await reason('Plain', lib), 'distroless static: it looks up its user (x.org/lib).');
});
