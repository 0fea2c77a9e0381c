import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import * as disk from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type Answers, moduleProblem, nameProblem } from '../../scaffold/src/answers.ts';
import { write } from '../../scaffold/src/create/write.ts';
import { type Plan, plan } from '../../scaffold/src/emit/plan.ts';
import { readTemplate } from '../../scaffold/src/emit/template.ts';
import { optionNames } from '../../scaffold/src/options.ts';
import { templateFolder } from '../../scaffold/src/package.ts';
import { smallTemplate } from '../helpers/scaffold.ts';

const template = readTemplate(templateFolder);
const withNames = optionNames(template.options, 'with');
const ciNames = optionNames(template.options, 'ci');

/** Answers that name no option but the default router. */
const bare: Answers = {
  name: 'shop',
  module: 'example.com/shop',
  port: 8080,
  router: 'nethttp',
  with: [],
  ci: [],
};

/** Valid answers in which no word of the template survives by chance. */
const anyAnswers: fc.Arbitrary<Answers> = fc.record({
  name: fc
    .stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
    .filter((name) => nameProblem(name, []) === undefined && !name.includes('shop')),
  module: fc
    .tuple(
      fc.stringMatching(/^[a-z0-9]{1,8}\.[a-z]{2,3}$/),
      fc.array(fc.stringMatching(/^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,8}$/), { maxLength: 3 }),
    )
    .map(([host, rest]) => [host, ...rest].join('/'))
    .filter((path) => moduleProblem(path) === undefined && !/shop|808[01]/.test(path)),
  port: fc.integer({ min: 1, max: 65534 }).filter((port) => ![8079, 8080, 8081].includes(port)),
  router: fc.constantFrom(...optionNames(template.options, 'router')),
  with: fc.subarray(withNames),
  ci: fc.subarray(ciNames),
});

function texts(planned: Plan): [string, string][] {
  return [...planned]
    .filter(([path]) => !path.endsWith('.gz'))
    .map(([path, { bytes }]) => [path, Buffer.from(bytes).toString()]);
}

test('whatever the name, module, port and options are, nothing of the template stays', () => {
  fc.assert(
    fc.property(anyAnswers, (answers) => {
      for (const [path, text] of texts(plan(answers, template, '1.0.0'))) {
        assert.doesNotMatch(path, /shop|options\.json|_gitignore/);
        assert.doesNotMatch(text, /go-sre:(begin|end)/, path);
        assert.doesNotMatch(text, /example\.com\/shop|\bshop\b/i, path);
        // go.sum holds hashes; the rule tests invent an instance.
        if (path !== 'go.sum' && !path.startsWith('ops/')) assert.doesNotMatch(text, /\b808[01]\b/, path);
      }
    }),
    { numRuns: 40 },
  );
});

test('the module path stands in go.mod and in every import of the own packages, exactly as given', () => {
  fc.assert(
    fc.property(anyAnswers, (answers) => {
      const planned = new Map(texts(plan(answers, template, '1.0.0')));
      assert.ok(planned.get('go.mod')!.startsWith(`module ${answers.module}\n`));
      const main = planned.get(`cmd/${answers.name}/main.go`)!;
      assert.ok(main.includes(`"${answers.module}/internal/server"`));
    }),
    { numRuns: 20 },
  );
});

test('a module path that holds the name or the port of the template is not replaced twice', () => {
  const answers = { ...bare, name: 'example', module: 'shop.example.com/shop/8080', port: 8081 };
  const planned = new Map(texts(plan(answers, smallTemplate(), '1.0.0')));
  assert.match(planned.get('go.mod')!, /^module shop\.example\.com\/shop\/8080\n/);
  assert.match(planned.get('cmd/example/main.go')!, /Println\("example", ":8081", ":8082"/);
});

test('words that only contain the name stay, Go identifiers stay, and go.sum is never edited', () => {
  const answers = { ...bare, name: 'orders', module: 'example.com/orders', port: 9000, with: ['redis'] };
  const planned = new Map(texts(plan(answers, smallTemplate(), '1.0.0')));
  assert.match(planned.get('internal/server/server.go')!, /"orders" \/\/ shopping carts/);
  assert.match(planned.get('internal/server/server.go')!, /var shop = `orders`/);
  assert.match(planned.get('go.sum')!, /h1:shop\/8080=/);
});

test('an option that is off takes its files, regions, go.mod and go.sum lines and SLOs along; on, only markers go', () => {
  const without = new Map(texts(plan(bare, smallTemplate(), '1.0.0')));
  const all = new Map(texts(plan({ ...bare, with: ['redis'] }, smallTemplate(), '1.0.0')));
  assert.deepEqual(
    [...all.keys()].filter((path) => !without.has(path)),
    ['internal/cache/cache.go'],
  );
  for (const [path, text] of without) assert.doesNotMatch(text, /redis|cache|verify/i, path);
  assert.equal(without.get('README.md'), '# shop\n\nOn localhost:8081.\n');
  for (const path of ['compose.yaml', 'README.md', 'go.mod', 'go.sum'])
    assert.match(all.get(path)!, /redis/i);
  assert.equal(JSON.parse(without.get('slo.json')!).slos.length, 1);
  assert.equal(JSON.parse(all.get('slo.json')!).slos.length, 2);
});

function emittedBy(answers: Partial<Answers>): Map<string, string> {
  return new Map(texts(plan({ ...bare, ...answers }, smallTemplate(), '1.0.0')));
}

test('a region of several options stays while any of them is on, and one of no option always leaves', () => {
  const text = '# go-sre:begin redis|gin\nany\n# go-sre:end\n# go-sre:begin template\nnever\n# go-sre:end\n';
  const small = smallTemplate();
  const files = new Map([...small.files, ['a.yaml', { bytes: Buffer.from(text), mode: 0o644 }]]);
  for (const [answers, stays] of [
    [{}, ''],
    [{ with: ['redis'] }, 'any\n'],
    [{ router: 'gin' }, 'any\n'],
    [{ router: 'gin', with: ['redis'] }, 'any\n'],
  ] as const) {
    const planned = plan({ ...bare, ...answers }, { ...small, files }, '1.0.0');
    assert.equal(new Map(texts(planned)).get('a.yaml'), stays);
  }
});

test('what several options own leaves when none of them is on, and not before', () => {
  const small = smallTemplate();
  const options = small.options.map((option) =>
    option.name === 'gin'
      ? { ...option, files: [...option.files, 'internal/cache/'], slos: ['get-api-v2-verify-availability'] }
      : option,
  );
  const emitted = (answers: Partial<Answers>) =>
    new Map(texts(plan({ ...bare, ...answers }, { ...small, options }, '1.0.0')));
  assert.ok(!emitted({}).has('internal/cache/cache.go'));
  for (const answers of [{ with: ['redis'] }, { router: 'gin' }, { router: 'gin', with: ['redis'] }]) {
    assert.ok(emitted(answers).has('internal/cache/cache.go'));
    assert.match(emitted(answers).get('slo.json')!, /get-api-v2-verify-availability/);
  }
});

test('either router is router.go in the service, without a build constraint, and brings its build tags', () => {
  const [nethttp, gin] = [emittedBy({ router: 'nethttp' }), emittedBy({ router: 'gin', ci: ['gitlab'] })];
  assert.equal(nethttp.get('internal/server/router.go'), 'package server\n\n// On net/http.\n');
  assert.equal(gin.get('internal/server/router.go'), 'package server\n\n// On gin.\n');
  assert.ok(!gin.has('internal/server/router_gin.go') && !nethttp.has('internal/server/router_gin.go'));
  assert.match(gin.get('.gitlab-ci.yml')!, /"-tags=grpcnotrace,nomsgpack"/);
  assert.match(
    emittedBy({ ci: ['github'] }).get('.github/workflows/ci.yml')!,
    /-tags grpcnotrace \.\/\.\.\./,
  );
  assert.ok(!gin.has('.github/workflows/ci.yml') && !nethttp.has('.gitlab-ci.yml'));
});

test('go.mod and go.sum have the lines of the options that are on, a module direct or indirect as they need it', () => {
  const gin = emittedBy({ router: 'gin' });
  const direct = 'require (\n\texample.org/gin v1.0.0\n\texample.org/one v1.0.0\n)';
  const indirect =
    'require (\n\texample.org/always v1.0.0 // indirect\n\texample.org/both v1.0.0 // indirect\n\texample.org/deep v1.0.0 // indirect\n)';
  assert.equal(gin.get('go.mod'), `module example.com/shop\n\n${direct}\n\n${indirect}\n`);
  assert.match(emittedBy({ with: ['redis'] }).get('go.mod')!, /both v1\.0\.0\n/);
  assert.doesNotMatch(emittedBy({}).get('go.mod')!, /both/);
  // v1.9.0 stands before v1.10.0, as the go command sorts.
  assert.match(emittedBy({}).get('go.sum')!, /^example\.org\/both v1\.9\.0.*\nexample\.org\/both v1\.10\.0/);
});

test('a region without an end, or an end without a region, is an error and not a silent loss', () => {
  for (const text of [
    '# go-sre:begin redis\nx\n',
    'x\n# go-sre:end\n',
    '# go-sre:begin a\n# go-sre:begin b\n',
    '# go-sre:begin\nx\n# go-sre:end\n',
  ]) {
    const broken = smallTemplate();
    const files = new Map([...broken.files, ['a.yaml', { bytes: Buffer.from(text), mode: 0o644 }]]);
    assert.throws(() => plan(bare, { ...broken, files }, '1.0.0'), /a\.yaml: /);
  }
});

test('the manifest holds the answers and the hash of every other file, the archive holds these files', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'plan-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const answers = { ...bare, name: 'orders', module: 'example.com/orders', port: 9000 };
  const planned = plan(answers, template, '1.2.3');
  const manifest = JSON.parse(Buffer.from(planned.get('.go-sre/manifest.json')!.bytes).toString());
  assert.equal(manifest.generator, 'create-go-sre-service@1.2.3');
  assert.deepEqual(manifest.answers, answers);
  const emitted = [...planned.keys()].filter((path) => !path.startsWith('.go-sre/'));
  assert.deepEqual(Object.keys(manifest.files), emitted);
  execFileSync('tar', ['-xz', '-C', folder], { input: planned.get('.go-sre/base.tar.gz')!.bytes });
  for (const path of emitted) {
    const unpacked = execFileSync('cat', [join(folder, path)]);
    assert.equal(createHash('sha256').update(unpacked).digest('hex'), manifest.files[path], path);
  }
});

test('the same answers give the same archive, with no time, owner or system in it', () => {
  const answers = { ...bare, name: 'orders', module: 'example.com/orders', port: 9000 };
  const [one, two] = [1, 2].map(() => plan(answers, template, '1.0.0').get('.go-sre/base.tar.gz')!.bytes);
  assert.deepEqual(one, two);
  assert.deepEqual([...one!.subarray(4, 8), one![9]], [0, 0, 0, 0, 255]);
  assert.equal(gunzipSync(one!).length % 512, 0);
});

test('gofmt has nothing to say, whatever lengths the name, the module path and the port have', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gofmt-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const extremes: Pick<Answers, 'name' | 'module' | 'port'>[] = [
    { name: 'a', module: 'a.b/c', port: 1 },
    { name: 'a'.repeat(63), module: `zzz.example.com/${'Long_~'.repeat(20)}/v12`, port: 65000 },
    { name: 'order-api', module: 'github.com/Acme/order-api', port: 443 },
  ];
  for (const [i, extreme] of extremes.entries()) {
    for (const [router, options] of [
      ['nethttp', []],
      [optionNames(template.options, 'router').at(-1)!, withNames],
    ] as const) {
      const planned = plan({ ...bare, ...extreme, router, with: options }, template, '1.0.0');
      await write(planned, join(folder, `${i}-${options.length}`), { disk });
    }
  }
  assert.equal(execFileSync('gofmt', ['-l', folder], { encoding: 'utf8' }), '');
});
