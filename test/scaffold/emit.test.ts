// Every combination of options, as plans only: 2 routers × the subsets of --with × the subsets of --ci.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answers } from '../../scaffold/src/answers.ts';
import { plan } from '../../scaffold/src/emit/plan.ts';
import { readTemplate } from '../../scaffold/src/emit/template.ts';
import { optionNames } from '../../scaffold/src/options.ts';
import { templateFolder } from '../../scaffold/src/package.ts';
import { subsetsOf } from '../helpers/emitted-service.ts';
import { everyGoService } from '../helpers/go-modules.ts';

const template = readTemplate(templateFolder);
const module = 'example.com/acme/billing';

/** Words by which one sees that a file speaks of an option; in no emitted file when it is off. */
const wordsOf: Readonly<Record<string, RegExp>> = {
  redis: /redis|miniredis|internal\/cache|sessions?\.go|\/api\/v2\/verify/i,
  postgres: /postgres|pgx|DATABASE_|internal\/(?:database|products)|migrate|\/products/i,
  'http-client': /httpclient|http_client|http-client|shipping/i,
  nethttp: /$^/,
  gin: /\bgin\b|gin-gonic|nomsgpack/i,
  gitlab: /gitlab/i,
  github: /github actions|\.github\b/i,
};

type Service = { answers: Answers; name: string; files: ReadonlyMap<string, string> };

const services: Service[] = everyGoService(template.options).flatMap((go) =>
  subsetsOf(optionNames(template.options, 'ci')).map((ci) => {
    const answers = { ...go, name: 'billing', module, ci: ci.sort() };
    return {
      answers,
      name: [answers.router, ...answers.with, ...answers.ci].join(', '),
      files: textsOf(answers),
    };
  }),
);

function textsOf(answers: Answers): ReadonlyMap<string, string> {
  const planned = [...plan(answers, template, '1.0.0')].filter(([path]) => !path.startsWith('.go-sre/'));
  return new Map(planned.map(([path, { bytes }]) => [path, Buffer.from(bytes).toString()]));
}

test('the combinations are all there are', () => {
  const [routers, others] = [
    optionNames(template.options, 'router').length,
    template.options.filter(({ flag }) => flag !== 'router').length,
  ];
  assert.equal(services.length, routers * 2 ** others);
  assert.equal(new Set(services.map(({ name }) => name)).size, services.length);
  assert.deepEqual(Object.keys(wordsOf).sort(), template.options.map(({ name }) => name).sort());
});

test('no combination keeps a region marker or a build constraint', () => {
  for (const { name, files } of services) {
    for (const [path, text] of files) {
      assert.doesNotMatch(text, /go-sre:(?:begin|end)/, `${name}: ${path}`);
      if (path.endsWith('.go')) assert.doesNotMatch(text, /^\/\/go:build .*\bgin\b/m, `${name}: ${path}`);
    }
  }
});

/** Files that may name every option: go.sum holds hashes, and the password of any URL is masked, whoever uses it. */
const general = /^(?:go\.sum|internal\/redact\/.*|internal\/telemetry\/logger_test\.go)$/;

test('no combination speaks of an option that is off', () => {
  const found = new Set<string>();
  for (const { answers, files } of services) {
    const on = [answers.router, ...answers.with, ...answers.ci];
    for (const option of Object.keys(wordsOf).filter((option) => !on.includes(option))) {
      for (const [path, text] of [...files].filter(([path]) => !general.test(path))) {
        const at = wordsOf[option]!.exec(`${path}\n${text}`)?.index;
        if (at !== undefined) found.add(`${option} in ${path}: ${lineAt(`${path}\n${text}`, at)}`);
      }
    }
  }
  assert.deepEqual([...found], []);
});

function lineAt(text: string, index: number): string {
  return text
    .slice(text.lastIndexOf('\n', index - 1) + 1)
    .split('\n')[0]!
    .trim();
}

test('every option that is on leaves something of itself', () => {
  for (const { answers, name, files } of services) {
    const all = [...files].flat().join('\n');
    for (const option of [answers.router, ...answers.with, ...answers.ci].filter((o) => o !== 'nethttp')) {
      assert.match(all, wordsOf[option]!, `${name}: nothing of ${option}`);
    }
  }
});

/** The import paths of a Go file, whose declarations gofmt has written one a line. */
function importsOf(text: string): string[] {
  const single = [...text.matchAll(/^import (?:\w+ )?"([^"]+)"$/gm)];
  const blocks = [...text.matchAll(/^import \(\n([\s\S]*?)^\)$/gm)].map(([, block]) => block).join('');
  const listed = [...blocks.matchAll(/^\t(?:[\w.]+ )?"([^"]+)"/gm)];
  return [...single, ...listed].map(([, path]) => path!);
}

test('every import is of the standard library, of a package in the plan, or of a module that go.mod requires directly', () => {
  for (const { name, files } of services) {
    const folders = new Set([...files.keys()].map((path) => path.slice(0, path.lastIndexOf('/'))));
    const required = [...files.get('go.mod')!.matchAll(/^\t(\S+) v\S+( \/\/ indirect)?$/gm)];
    const direct = new Map(required.map(([, path, indirect]) => [path!, indirect === undefined]));
    const used = new Set<string>();
    for (const [path, text] of [...files].filter(([path]) => path.endsWith('.go'))) {
      for (const imported of importsOf(text).filter((imported) => /^[^/]+\./.test(imported))) {
        if (imported.startsWith(`${module}/`)) {
          assert.ok(folders.has(imported.slice(module.length + 1)), `${name}: ${path} imports ${imported}`);
          continue;
        }
        const provider = [...direct.keys()]
          .filter((required) => `${imported}/`.startsWith(`${required}/`))
          .sort((a, b) => b.length - a.length)[0];
        assert.ok(provider !== undefined && direct.get(provider), `${name}: ${path} imports ${imported}`);
        used.add(provider);
      }
    }
    const unused = [...direct].filter(([path, isDirect]) => isDirect && !used.has(path));
    assert.deepEqual(unused, [], `${name}: go.mod requires directly what nothing imports`);
    const sums = files.get('go.sum')!;
    for (const [, path, version] of files.get('go.mod')!.matchAll(/^\t(\S+) (v\S+)/gm)) {
      assert.ok(sums.includes(`${path} ${version}/go.mod h1:`), `${name}: go.sum lacks ${path} ${version}`);
    }
  }
});

test('every combination has one internal/server/router.go, and its pipelines', () => {
  for (const { answers, name, files } of services) {
    assert.match(files.get('internal/server/router.go') ?? '', /^package server\n/, name);
    assert.ok(!files.has('internal/server/router_gin.go'), name);
    assert.equal(files.has('.gitlab-ci.yml'), answers.ci.includes('gitlab'), name);
    assert.equal(files.has('.github/workflows/ci.yml'), answers.ci.includes('github'), name);
  }
});

test('every combination names the same build tags everywhere', () => {
  for (const { answers, name, files } of services) {
    const tags = answers.router === 'gin' ? 'grpcnotrace,nomsgpack' : 'grpcnotrace';
    for (const [path, text] of files) {
      for (const [found] of text.matchAll(/grpcnotrace(?:,\w+)*/g))
        assert.equal(found, tags, `${name}: ${path}`);
    }
    assert.match(files.get('Dockerfile')!, new RegExp(`-tags ${tags} `));
  }
});

test('the same answers give the same bytes', () => {
  for (const { answers, name, files } of services.filter(({ answers }) => answers.ci.length === 0)) {
    assert.deepEqual(textsOf(answers), files, name);
  }
});
