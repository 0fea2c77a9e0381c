import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { imagesOf, provideImages } from '../helpers/base-images.ts';
import { startEngine, tidy } from '../helpers/docker-engine.ts';
import { buildArguments } from '../helpers/image-build.ts';
import { run } from '../helpers/tool-recipes.ts';
import { tool } from '../helpers/tools.ts';

const root = join(import.meta.dirname, '../..');
const goSre = join(root, 'scaffold/src/go-sre.ts');
const shop = join(root, 'test/golden/shop');

interface Program {
  base: RegExp;
  files: Record<string, string>;
  prints: string;
}

const goMod = 'module example.com/program\n\ngo 1.26.0\n';

/** Programs that each need something else of their image, and say what they found there. */
const programs: Record<string, Program> = {
  'a program that needs nothing runs on scratch': {
    base: /^FROM scratch/m,
    files: {
      'go.mod': goMod,
      'main.go': `package main

import (
	_ "embed"
	"fmt"
	"os"
)

//go:embed greeting.txt
var greeting string

func main() { fmt.Printf("%s from user %d\\n", greeting, os.Getuid()) }
`,
      'greeting.txt': 'hello',
      'README.md': 'Not read by the build.\n',
    },
    prints: 'hello from user 65532',
  },
  'a program with C runs on distroless cc': {
    base: /^FROM gcr\.io\/distroless\/cc-debian13:nonroot/m,
    files: {
      'go.mod': goMod,
      'main.go': `package main

// #include <stdlib.h>
// static int twice(int x) { return 2 * abs(x); }
import "C"

import (
	"fmt"
	"os"
)

func main() { fmt.Printf("twice 21 is %d for user %d\\n", C.twice(-21), os.Getuid()) }
`,
    },
    prints: 'twice 21 is 42 for user 65532',
  },
  'a program with TLS and time zones finds root certificates and zones': {
    base: /^FROM (scratch|gcr\.io\/distroless\/static-debian13:nonroot)/m,
    files: {
      'go.mod': goMod,
      'cmd/clock/main.go': `package main

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"

	"example.com/program/internal/zone"
)

func main() {
	client := http.Client{Timeout: time.Second}
	_ = client
	place, err := time.LoadLocation(zone.Name(os.Args))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	roots, err := x509.SystemCertPool()
	empty := roots == nil || roots.Equal(x509.NewCertPool())
	fmt.Println(time.Unix(0, 0).In(place).Format("15:04 MST"), "roots:", !empty, err, "user", os.Getuid())
}
`,
      'internal/zone/zone.go': `// Package zone names the zone.
package zone

// Name is the program's first argument.
func Name(args []string) string { return args[1] }
`,
    },
    prints: '01:00 CET roots: true <nil> user 65532',
  },
};

function write(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

test('the Dockerfiles that go-sre writes, and those of an emitted service', async (t) => {
  const compose = tool(t, 'docker-compose');
  if (!compose || !tool(t, 'docker')) return;
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-images-'));
  const engine = await startEngine(process.env);
  const tags: string[] = [];
  t.after(async () => {
    try {
      if (tags.length > 0) run('docker', ['image', 'rm', '--force', ...tags], engine.env);
      tidy(engine);
    } finally {
      await engine.stop();
      rmSync(folder, { recursive: true });
    }
  });
  const goVersion = run('go', ['env', 'GOVERSION']).trim().replace(/^go/, '');
  const command = (...args: string[]) => run(process.execPath, [goSre, ...args], engine.env);
  const build = (context: string, name: string): string => {
    const text = readFileSync(join(context, 'Dockerfile'), 'utf8');
    for (const made of provideImages(engine, imagesOf(text))) t.diagnostic(made);
    const tag = `go-sre-test-${process.pid}/${name}`;
    run(compose, buildArguments(join(folder, 'compose.json'), { context, tag }), engine.env);
    tags.push(tag);
    return tag;
  };

  for (const [at, [what, { base, files, prints }]] of Object.entries(programs).entries()) {
    await t.test(what, () => {
      const context = join(folder, `program-${at}`);
      write(context, files);
      command('dockerfile', context, '--go-version', goVersion);
      assert.match(readFileSync(join(context, 'Dockerfile'), 'utf8'), base);
      command('check', context, '--offline');
      const tag = build(context, `program-${at}`);
      const user = run('docker', ['image', 'inspect', '--format', '{{.Config.User}}', tag], engine.env);
      assert.match(user, /^[1-9]\d*(:[1-9]\d*)?$/m);
      const said = run('docker', ['run', '--rm', '--network', 'none', tag, 'Europe/Zurich'], engine.env);
      assert.equal(said.trim(), prints);
    });
  }

  await t.test("the emitted service's image has no finding", () => {
    const tag = build(shop, 'shop');
    const archive = join(folder, 'shop.tar');
    run('docker', ['save', '--output', archive, tag], engine.env);
    command('check', 'image', archive);
  });
});
