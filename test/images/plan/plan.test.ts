import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type BuildFacts,
  joined,
  type PlanOptions,
  parseDockerfile,
  planBuild,
  renderDockerfile,
} from '../../../images/index.ts';
import { copiedFiles } from '../../helpers/planned-context.ts';
import { facts, farPackage, foldersOf, localPackage, options } from './facts.ts';

function dockerfile(of: BuildFacts, made: Partial<PlanOptions> = {}): string {
  return renderDockerfile(planBuild(of, options(made)));
}

function baseOf(packages: Parameters<typeof facts>[0], made: Partial<PlanOptions> = {}): string {
  return planBuild(facts(packages), options(made)).programs[0]!.base.image;
}

const main = (imports: string[] = []) => localPackage('cmd/app', { name: 'main', imports });

test('takes the smallest base that has what the program needs', () => {
  assert.equal(baseOf([main()]), 'scratch');
  assert.equal(baseOf([main(['crypto/x509']), farPackage('crypto/x509')]), 'scratch');
  for (const signal of ['time-zone', 'temp-folder', 'user-lookup'] as const) {
    assert.match(
      baseOf([localPackage('cmd/app', { signals: [signal] })]),
      /static-debian13:nonroot$/,
      signal,
    );
  }
  assert.equal(baseOf([localPackage('cmd/app', { signals: ['shell'] })]), 'alpine:3.24.2');
  assert.equal(baseOf([main()], { base: 'alpine' }), 'alpine:3.24.2');
});

test('takes a library that may start a shell for no reason to have one', () => {
  const far = farPackage('example.org/browser', { signals: ['shell'] });
  assert.equal(baseOf([main(['example.org/browser']), far]), 'scratch');
});

test('copies certificates only for a program that checks any, and time zones only where the base has none', () => {
  const tls = [main(['crypto/x509']), farPackage('crypto/x509')];
  assert.match(dockerfile(facts(tls)), /\/etc\/ssl\/certs\/ca-certificates\.crt \/etc\/ssl\/certs\//);
  assert.doesNotMatch(dockerfile(facts([main()])), /certificates/);
  const roots = 'golang.org/x/crypto/x509roots/fallback';
  const embedded = [main(['crypto/x509', roots]), farPackage('crypto/x509'), farPackage(roots)];
  assert.doesNotMatch(dockerfile(facts(embedded)), /certificates/);
  const zones = [localPackage('cmd/app', { signals: ['time-zone'] })];
  assert.doesNotMatch(dockerfile(facts(zones)), /zoneinfo/);
  assert.match(dockerfile(facts(zones), { base: 'scratch' }), /zoneinfo\.zip[\s\S]*ENV ZONEINFO=/);
  const linked = [
    localPackage('cmd/app', { signals: ['time-zone'], imports: ['time/tzdata'] }),
    farPackage('time/tzdata'),
  ];
  assert.doesNotMatch(dockerfile(facts(linked), { base: 'scratch' }), /zoneinfo/);
});

test('gives scratch the /tmp and the user that it lacks', () => {
  const text = dockerfile(facts([localPackage('cmd/app', { signals: ['temp-folder', 'user-lookup'] })]), {
    base: 'scratch',
  });
  assert.match(text, /mkdir -p \/out\/root\/tmp && chmod 1777 \/out\/root\/tmp/);
  assert.match(text, /\/out\/root\/etc\/passwd/);
  assert.match(text, /COPY --from=build --chown=65532:65532 \/out\/root\/ \//);
});

const sqlite = {
  importPath: 'github.com/mattn/go-sqlite3',
  module: 'github.com/mattn/go-sqlite3',
  cgo: { pkgConfig: [], libraries: [], swig: false },
  pure: 'refuses',
} as const;

test('builds with C what does not work without, on the C library of its base, and never cross-compiles it', () => {
  const text = dockerfile(
    facts([main([sqlite.importPath]), farPackage(sqlite.importPath)], { cgoUsers: [sqlite] }),
  );
  assert.match(text, /^FROM golang:1\.26\.11-trixie AS build$/m);
  assert.match(text, /^ENV CGO_ENABLED=1$/m);
  assert.match(
    text,
    /^# distroless cc: it links the C library \(github\.com\/mattn\/go-sqlite3\)\.\nFROM gcr\.io\/distroless\/cc-debian13:nonroot AS app$/m,
  );
  assert.doesNotMatch(text, /TARGETARCH|BUILDPLATFORM/);
});

test('takes the C library for a module that opens plugins itself, not for a library that could', () => {
  const own = [main(['plugin']), farPackage('plugin')];
  assert.match(dockerfile(facts(own)), /it links the C library \(example\.com\/app\/cmd\/app\)/);
  const far = [
    main(['example.org/lib']),
    farPackage('example.org/lib', { imports: ['plugin'] }),
    farPackage('plugin'),
  ];
  assert.match(dockerfile(facts(far)), /^ENV CGO_ENABLED=0$/m);
});

test('leaves out C that has the same in Go, and says so', () => {
  const user = { ...sqlite, pure: 'whole' } as const;
  const plan = planBuild(facts([main(), farPackage(sqlite.importPath)], { cgoUsers: [user] }), options());
  assert.equal(plan.programs[0]!.cgo, false);
  assert.ok(
    plan.decisions.some(
      ({ choice, reason }) => choice === 'left out' && reason.startsWith(sqlite.importPath),
    ),
  );
});

test('links a program with C statically when asked, or when its base has no C library', () => {
  const of = facts([main([sqlite.importPath]), farPackage(sqlite.importPath)], { cgoUsers: [sqlite] });
  for (const made of [{ static: true }, { base: 'alpine' }, { base: 'scratch' }] as const) {
    const text = dockerfile(of, made);
    assert.match(text, /-tags netgo,osusergo/);
    assert.match(text, /-linkmode external -extldflags '-static'/);
    assert.doesNotMatch(text, /distroless\/cc/);
  }
});

test('says which libraries nobody named the Debian packages of, and takes along what they link', () => {
  const user = { ...sqlite, cgo: { pkgConfig: ['libpcap'], libraries: [], swig: false } };
  const of = facts([main([sqlite.importPath]), farPackage(sqlite.importPath)], { cgoUsers: [user] });
  assert.match(planBuild(of, options()).warnings.join(), /libpcap.*--packages/);
  assert.match(dockerfile(of), /^# Compiled against libpcap: name the Debian packages/m);
  const text = dockerfile(of, { packages: ['libpcap-dev=1.10.5-2'] });
  assert.match(text, /apt-get install --yes --no-install-recommends libpcap-dev=1\.10\.5-2/);
  assert.match(
    text,
    /ldd \/out\/app[\s\S]*COPY --from=build --chown=65532:65532 \/out\/lib\/ \/usr\/local\/lib\//,
  );
});

test('never takes a Go older than a module asks for, nor a line that is not kept up', () => {
  const asks = (...versions: string[]) =>
    facts([main()], { goLines: versions.map((version, at) => ({ version, by: `m${at}`, wish: false })) });
  const goImage = (...versions: string[]) => planBuild(asks(...versions), options()).goImage;
  assert.equal(goImage('1.26.0'), 'golang:1.26.11-alpine');
  assert.equal(goImage('1.11'), 'golang:1.26.11-alpine');
  assert.equal(goImage('1.25.14'), 'golang:1.26.11-alpine');
  assert.equal(goImage('1.16', '1.27.1'), 'golang:1.27.4-alpine');
  assert.equal(goImage('1.26.12'), 'golang:1.27.4-alpine');
  assert.equal(goImage('1.28'), 'golang:1.28.0-alpine');
  assert.equal(goImage('1.28rc1'), 'golang:1.28rc1-alpine');
  assert.equal(goImage(), 'golang:1.26.11-alpine');
  assert.match(
    planBuild(asks('1.26.0'), options({ goVersion: '1.25.3' })).problems.join(),
    /older than what m0 asks for: go 1\.26\.0/,
  );
  const wish = facts([main()], {
    goLines: [{ version: '1.27.0', by: 'the toolchain line of m', wish: true }],
  });
  const wished = planBuild(wish, options({ goVersion: '1.26.8' }));
  assert.deepEqual([wished.problems, wished.warnings.length], [[], 1]);
});

test('makes one build stage and one target of each program, with its own files apart', () => {
  const shared = localPackage('internal/shared');
  const own = localPackage('internal/own');
  const text = dockerfile(
    facts([
      localPackage('cmd/api', { imports: [shared.importPath, own.importPath] }),
      localPackage('cmd/app', { imports: [shared.importPath] }),
      ...[shared, own],
    ]),
  );
  const stages = [...text.matchAll(/^FROM (?:--\S+ )?(\S+) AS (\S+)$/gm)].map(
    ([, from, name]) => `${name} from ${from}`,
  );
  assert.deepEqual(stages, [
    'src from golang:1.26.11-alpine',
    'build-api from src',
    'build-app from src',
    'api from scratch',
    'app from scratch',
  ]);
  assert.deepEqual(copyLines(text, 'src'), ['go.mod go.sum ./', 'internal/shared internal/shared']);
  assert.deepEqual(copyLines(text, 'build-api'), ['cmd/api cmd/api', 'internal/own internal/own']);
  assert.deepEqual(copyLines(text, 'build-app'), ['cmd/app cmd/app']);
});

function copyLines(text: string, stage: string): string[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith('FROM ') && line.endsWith(` AS ${stage}`));
  const to = lines.findIndex((line, at) => at > from && line.startsWith('FROM '));
  return lines
    .slice(from, to < 0 ? undefined : to)
    .flatMap((line) => /^COPY (?!--from)(.*)/.exec(line)?.[1] ?? []);
}

test('puts the program last that the module is named after, as a build without a target gives it', () => {
  const names = planBuild(
    facts(['app', 'zoo'].map((name) => localPackage(`cmd/${name}`))),
    options(),
  ).programs;
  assert.deepEqual(
    names.map(({ name }) => name),
    ['zoo', 'app'],
  );
});

test('writes ports, a health check, tags, labels and version variables', () => {
  const text = dockerfile(facts([main()]), {
    tags: ['grpcnotrace', 'netgo'],
    expose: [
      { program: undefined, value: '8080' },
      { program: 'app', value: '53/udp' },
      { program: 'other', value: '1' },
    ],
    healthcheck: [{ program: undefined, value: ['health', '--quick'] }],
    versionVariables: [
      { name: 'main.version', holds: 'version' },
      { name: 'main.built', holds: 'created' },
    ],
    source: 'https://git.example.com/app',
  });
  assert.match(text, /go build -tags grpcnotrace,netgo -trimpath/);
  assert.match(text, /-ldflags "-s -w -X main\.version=\$\{VERSION\} -X main\.built=\$\{CREATED\}"/);
  assert.match(text, /^EXPOSE 8080 53\/udp$/m);
  assert.match(text, /^HEALTHCHECK .* CMD \["\/app", "health", "--quick"\]$/m);
  assert.match(text, /^ARG SOURCE=https:\/\/git\.example\.com\/app$/m);
  for (const label of [
    'title="app"',
    'source="${SOURCE}"',
    'revision="${REVISION}"',
    'version="${VERSION}"',
    'created="${CREATED}"',
  ]) {
    assert.ok(text.includes(`org.opencontainers.image.${label}`), label);
  }
  assert.match(text, /^USER 65532:65532$/m);
  assert.doesNotMatch(dockerfile(facts([main()])), /HEALTHCHECK|EXPOSE/);
});

test('knows the ports and the health check of a service that create-go-sre-service made', () => {
  const text = dockerfile(facts([main()], { goSreService: true }));
  assert.match(text, /^EXPOSE 8080 8081$/m);
  assert.match(text, /^HEALTHCHECK .* CMD \["\/app", "health"\]$/m);
});

test('takes GOPROXY as an argument where asked', () => {
  assert.match(dockerfile(facts([main()]), { goProxy: true }), /^ARG GOPROXY$/m);
  assert.doesNotMatch(dockerfile(facts([main()])), /GOPROXY/);
});

test('refuses a name that would begin another instruction', () => {
  const odd = localPackage('cmd/app', { files: ['x.go', 'a\nRUN evil'] });
  assert.match(
    planBuild(facts([odd]), options()).problems.join(),
    /"cmd\/app\/a\\nRUN evil" has a control character/,
  );
});

test('fetches private modules with a login that stays out of the image', () => {
  const secret = dockerfile(facts([main()]), { private: { by: 'secret', patterns: ['git.example.com/*'] } });
  assert.match(secret, /^FROM --platform=\$BUILDPLATFORM golang:1\.26\.11-trixie AS build$/m);
  assert.match(secret, /^ {4}GOPRIVATE='git\.example\.com\/\*' \\$/m);
  assert.match(secret, /--mount=type=secret,id=netrc,target=\/root\/\.netrc/);
  assert.match(secret, /^# Build: docker build --secret id=netrc,src=\$HOME\/\.netrc \.$/m);
  const ssh = dockerfile(facts([main()]), { private: { by: 'ssh', patterns: ['github.com/acme/*'] } });
  assert.match(
    ssh,
    /git config --global url\.ssh:\/\/git@github\.com\/acme\/\.insteadOf https:\/\/github\.com\/acme\//,
  );
  assert.match(ssh, /--mount=type=ssh/);
});

test('copies from one line to forty, then folds folders whose rest .dockerignore keeps out', () => {
  const dirs = Array.from({ length: 60 }, (_, at) => `pkg/p${at}`);
  const packages = dirs.map((dir) => localPackage(dir));
  const all = [
    localPackage('cmd/app', { imports: packages.map(({ importPath }) => importPath) }),
    ...packages,
  ];
  const files = [...all.map(({ dir }) => `${dir}/x.go`), 'pkg/unused/x.go', 'go.mod', 'go.sum'];
  const plan = planBuild(facts(all, { folders: foldersOf(files) }), options());
  const text = renderDockerfile(plan);
  assert.ok(text.includes('COPY pkg pkg\n'));
  const copied = copiedFiles(files, text, plan.dockerignore);
  assert.deepEqual([...copied.keys()].sort(), files.filter((path) => path !== 'pkg/unused/x.go').sort());
});

test('quotes what Docker would read otherwise', () => {
  const dir = 'cmd/my app';
  const files = [`${dir}/x.go`, `${dir}/[slug].js`, `${dir}/$a.js`, 'go.mod', 'go.sum', `${dir}/other/x.go`];
  const one = localPackage(dir, {
    importPath: 'example.com/app/cmd/my-app',
    files: ['x.go', '[slug].js', '$a.js'],
  });
  const plan = planBuild(facts([one], { folders: foldersOf(files) }), options());
  const text = renderDockerfile(plan);
  assert.match(text, /go build -trimpath[\s\S]* '\.\/cmd\/my app'/);
  assert.deepEqual([...copiedFiles(files, text, plan.dockerignore).keys()].sort(), files.slice(0, 5).sort());
  assert.deepEqual(parseDockerfile(text).problems, []);
});

/** Folders with what is in each: Go files of a package that is linked or not, tests, embedded files, strays. */
const tree = fc.dictionary(
  fc.constantFrom(
    'a',
    'a/b',
    'a/b/c',
    'a/d',
    'b',
    'b/testdata',
    'b/_x',
    'c/d/e',
    'web',
    'web/static',
    'web/static/docs',
  ),
  fc.record({
    linked: fc.boolean(),
    users: fc.subarray([0, 1], { minLength: 1 }),
    go: fc.boolean(),
    embedded: fc.subarray([
      'README.md',
      'app.js',
      'x_test.go',
      '.env',
      'testdata/t.txt',
      'page.tmpl',
      '[x].html',
    ]),
    stray: fc.subarray(['x_test.go', 'notes.txt', 'README.md', 'y.go']),
  }),
  { minKeys: 1, maxKeys: 9 },
);

test('brings every file that the build reads, and no package that it does not', () => {
  fc.assert(
    fc.property(tree, fc.integer({ min: 1, max: 2 }), (dirs, programs) => {
      const names = ['cmd/app', 'cmd/zoo'].slice(0, programs);
      const linked = Object.entries(dirs).filter(([, { linked: is }]) => is);
      const packages = linked.map(([dir, { embedded }]) =>
        localPackage(dir, { files: ['x.go', ...embedded] }),
      );
      const mains = names.map((dir, program) =>
        localPackage(dir, {
          imports: linked
            .filter(([, { users }]) => users.includes(program))
            .map(([at]) => `example.com/app/${at}`),
        }),
      );
      const unlinked = Object.entries(dirs).flatMap(([dir, { linked: is, go }]) =>
        !is && go ? [`${dir}/x.go`] : [],
      );
      const stray = Object.entries(dirs).flatMap(([dir, one]) => one.stray.map((name) => `${dir}/${name}`));
      const reached = new Set(mains.flatMap(({ imports }) => imports));
      const read = [...mains, ...packages.filter(({ importPath }) => reached.has(importPath))];
      const needed = new Set([
        'go.mod',
        'go.sum',
        ...read.flatMap(({ dir, files }) => files.map((name) => joined(dir!, name))),
      ]);
      const there = [
        ...new Set([...needed, ...packages.map(({ dir }) => `${dir}/x.go`), ...unlinked, ...stray]),
      ];
      const plan = planBuild(facts([...mains, ...packages], { folders: foldersOf(there) }), options());
      const text = renderDockerfile(plan);
      const copied = new Set(copiedFiles(there, text, plan.dockerignore).keys());
      for (const path of needed)
        assert.ok(copied.has(path), `${path} is read and not there\n${text}\n${plan.dockerignore}`);
      const readDirs = new Set(read.map(({ dir }) => dir));
      for (const path of copied) {
        if (needed.has(path)) continue;
        assert.doesNotMatch(path, /_test\.go$/);
        const dir = path.slice(0, path.lastIndexOf('/'));
        if (path.endsWith('.go'))
          assert.ok(readDirs.has(dir), `${path} is not read and there\n${text}\n${plan.dockerignore}`);
      }
      assert.equal(
        renderDockerfile(
          planBuild(
            facts([...packages, ...mains].reverse(), { folders: foldersOf([...there].reverse()) }),
            options(),
          ),
        ),
        text,
      );
    }),
    { numRuns: 400 },
  );
});

test('gives programs of one name names of their own, as stages and targets take them', () => {
  const paths = ['a/cmd/server', 'b/cmd/server', 'c/Build', 'c/buildctl', 'd/v2', '9lives', 'x/golang'];
  const packages = paths.map((path) => localPackage(`cmd/${path}`, { importPath: `example.com/${path}` }));
  const names = planBuild(facts(packages), options()).programs.map(({ name }) => name);
  assert.deepEqual(names.sort(), [
    'a-server',
    'app-9lives',
    'app-build',
    'app-golang',
    'b-server',
    'buildctl',
    'd',
  ]);
});
