import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { programRunner } from '../../scaffold/src/processes.ts';
import { type Engine, startEngine, tidy } from '../helpers/docker-engine.ts';
import { type Ran, runGoSreInProcess } from '../helpers/scaffold.ts';
import { run } from '../helpers/tool-recipes.ts';
import { ensureTool, tool } from '../helpers/tools.ts';
import { asTar, dockerSave, tarOf } from '../images/image/making.ts';

const tags = { fast: `go-sre-test-fast:${process.pid}`, slow: `go-sre-test-slow:${process.pid}` };

/** Answers on /readyz once it has slept as long as its environment says. */
const service = `package main

import (
	"net/http"
	"os"
	"time"
)

func main() {
	if wait, err := time.ParseDuration(os.Getenv("WAIT")); err == nil {
		time.Sleep(wait)
	}
	http.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	if err := http.ListenAndServe(":8080", nil); err != nil {
		os.Exit(1)
	}
}
`;

const dockerfile = `FROM scratch
COPY service /service
COPY secret /etc/.env
COPY empty /etc/.env
COPY service /twice
ENV WAIT=0s
USER 65532
EXPOSE 8080
LABEL org.opencontainers.image.source="https://example.com/service"
ENTRYPOINT ["/service"]
`;

test('images of a real engine', { timeout: 120_000 }, async (t) => {
  if (!tool(t, 'docker')) return;
  const engine = await startEngine(process.env);
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-image-container-'));
  t.after(async () => {
    try {
      run('docker', ['image', 'rm', '--force', ...Object.values(tags)], engine.env);
      tidy(engine);
    } finally {
      await engine.stop();
      rmSync(folder, { recursive: true });
    }
  });
  buildService(folder);
  build(engine, folder, tags.fast, dockerfile);
  build(engine, folder, tags.slow, dockerfile.replace('WAIT=0s', 'WAIT=800ms'));
  run('docker', ['save', '--output', join(folder, 'service.tar'), tags.fast], engine.env);
  const goSre = (...argv: string[]) => runOn(engine, folder, argv);

  await t.test(
    'an image by its name, saved to a tar, and as a layout in a folder is told the same',
    (inner) => toldTheSame(inner, engine, folder, goSre),
  );
  await t.test('two images are started in turn, their times measured, their containers removed', async () => {
    const words = [
      'compare',
      tags.slow,
      tags.fast,
      '--health',
      'http://localhost:8080/readyz',
      '--runs',
      '3',
      '--json',
    ];
    const { exitCode, stdout, stderr } = await goSre(...words);
    assert.equal(exitCode, 0, stderr);
    const { a, b } = JSON.parse(stdout);
    for (const { start } of [a, b]) {
      assert.equal(start.runsMs?.length, 3, JSON.stringify(start));
      assert.ok(start.minMs <= start.medianMs && start.medianMs <= start.maxMs);
    }
    assert.ok(a.start.minMs >= 800, 'no answer came before the service had slept');
    const left = run('docker', ['ps', '--all', '--quiet', '--filter', 'name=go-sre-compare-'], engine.env);
    assert.equal(left, '');
  });
  await t.test('without --health the first exposed port has to answer', async () => {
    const { stdout } = await goSre(
      'compare',
      tags.fast,
      join(folder, 'service.tar'),
      '--runs',
      '1',
      '--json',
    );
    const { a, b } = JSON.parse(stdout);
    assert.match(a.start.probe, /^port 8080 answers on \//);
    assert.match(b.start.notMeasured, /it is a file/);
  });
});

function runOn(engine: Engine, folder: string, argv: readonly string[]): Promise<Ran> {
  const real = { run: programRunner(engine.env), env: engine.env, now: Date.now, fetch };
  return runGoSreInProcess(argv, folder, real);
}

function buildService(folder: string): void {
  writeFileSync(join(folder, 'main.go'), service);
  writeFileSync(join(folder, 'go.mod'), 'module example.com/service\n\ngo 1.26\n');
  writeFileSync(join(folder, 'secret'), 'TOKEN=abc\n');
  writeFileSync(join(folder, 'empty'), '');
  const words = ['build', '-C', folder, '-trimpath', '-ldflags=-s -w', '-o', 'service', '.'];
  run('go', words, { ...process.env, CGO_ENABLED: '0', GOOS: 'linux' });
}

/** With the old builder, which every client has. */
function build(engine: Engine, folder: string, tag: string, text: string): void {
  writeFileSync(join(folder, 'Dockerfile'), text);
  run('docker', ['build', '--quiet', '--tag', tag, folder], { ...engine.env, DOCKER_BUILDKIT: '0' });
}

async function toldTheSame(
  t: TestContext,
  engine: Engine,
  folder: string,
  goSre: (...argv: string[]) => Promise<Ran>,
): Promise<void> {
  const skopeo = tool(t, 'skopeo');
  const targets = [tags.fast, 'service.tar'];
  if (skopeo !== undefined) {
    run(skopeo, [
      'copy',
      '--insecure-policy',
      `docker-archive:${join(folder, 'service.tar')}`,
      `oci:${join(folder, 'oci')}:latest`,
    ]);
    targets.push('oci');
  }
  const inspected = run(
    'docker',
    ['image', 'inspect', '--format', '{{.Id}} {{.Size}}', tags.fast],
    engine.env,
  );
  const [id, size] = inspected.trim().split(' ');
  const all = [];
  for (const target of targets) {
    const { exitCode, stdout, stderr } = await goSre('check', 'image', target, '--json');
    assert.equal(exitCode, 1, stderr);
    const { image, findings } = JSON.parse(stdout);
    const codes = findings.map(
      ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
    );
    all.push({
      size: image.size,
      binaries: image.binaries,
      codes,
      layers: image.layers.map((layer: { size: number }) => layer.size),
    });
    // The layout has a configuration of its own.
    if (target !== 'oci') assert.equal(image.configDigest, id);
  }
  for (const told of all) assert.deepEqual(told, all[0]);
  assert.equal(all[0]!.size, Number(size), 'as the engine counts');
  const found = all[0]!.codes.map((told: string) => told.split(' ')[0]);
  assert.deepEqual(found.sort(), ['secret-in-layer', 'wasted-bytes']);
}

// No engine is needed; but building syft takes minutes where it is not there yet.
test('what a Go binary in an image is made of is what syft finds in it', {
  timeout: 1_200_000,
}, async (t) => {
  const [syft, actionlint] = [peer(t), tool(t, 'actionlint')];
  if (syft === undefined || actionlint === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-image-syft-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const layer = tarOf([{ path: 'lint', body: readFileSync(actionlint), mode: 0o755 }]);
  writeFileSync(join(folder, 'lint.tar'), asTar(dockerSave({ layers: [layer], names: ['lint:1'] })));
  await runGoSreInProcess(['check', 'image', 'lint.tar', '--sbom', 'ours.json'], folder);
  const scan = spawnSync(syft, ['scan', 'docker-archive:lint.tar', '--output', 'spdx-json=theirs.json'], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, SYFT_CHECK_FOR_APP_UPDATE: 'false' },
  });
  assert.equal(scan.status, 0, scan.stderr);
  const [ours, theirs] = ['ours.json', 'theirs.json'].map((file) =>
    modulesIn(readFileSync(join(folder, file), 'utf8')),
  );
  assert.ok(ours!.length > 5, `${ours!.length} modules`);
  assert.deepEqual(ours, theirs);
});

function peer(t: TestContext): string | undefined {
  try {
    return ensureTool('syft');
  } catch (error) {
    if (process.env.GO_SRE_TOOLS === 'required') throw error;
    t.skip(String(error));
    return undefined;
  }
}

type Listed = { name: string; versionInfo?: string; externalRefs?: { referenceLocator: string }[] };

/** Go modules in an SPDX document as `NAME VERSION`; syft writes the version of stdlib as Go spells it, and UNKNOWN for none. */
function modulesIn(document: string): string[] {
  const { packages } = JSON.parse(document) as { packages: Listed[] };
  const modules = packages.filter(({ externalRefs = [] }) =>
    externalRefs.some(({ referenceLocator }) => referenceLocator.startsWith('pkg:golang/')),
  );
  return [
    ...new Set(
      modules.map(({ name, versionInfo }) => `${name} ${(versionInfo ?? '').replace(/^go|^UNKNOWN$/, '')}`),
    ),
  ].sort();
}
