import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { nameProblem, portProblem } from '../../scaffold/src/answers.ts';
import { readTemplate } from '../../scaffold/src/emit/template.ts';
import { optionNames, parseOptions } from '../../scaffold/src/options.ts';
import { templateFolder } from '../../scaffold/src/package.ts';

const template = readTemplate(templateFolder);
const texts = new Map(
  [...template.files].map(([path, { bytes }]) => [path, Buffer.from(bytes).toString()] as const),
);
const names = template.options.map(({ name }) => name);

const valid = {
  redis: { flag: 'with', title: 'Redis' },
  gin: { flag: 'router', title: 'gin', files: ['a.go'], renames: { 'a.go': 'b.go' }, buildTags: ['x'] },
  github: { flag: 'ci', title: 'GitHub' },
};

const refusals: [title: string, options: object, says: RegExp][] = [
  [
    'a flag that is none',
    { redis: { flag: 'wiht', title: '' } },
    /redis\.flag is not one of with, router, ci/,
  ],
  ['an unknown key', { redis: { ...valid.redis, goMod: [] } }, /redis\.goMod is unknown; an option has flag/],
  ['no title', { redis: { flag: 'with' } }, /redis\.title is not a text/],
  [
    'a list that is none',
    { redis: { ...valid.redis, files: 'a.go' } },
    /redis\.files is not a list of texts/,
  ],
  ['a list of numbers', { redis: { ...valid.redis, slos: [1] } }, /redis\.slos is not a list of texts/],
  [
    'a new name for a file of others',
    { gin: { ...valid.gin, renames: { 'c.go': 'd.go' } } },
    /gin\.renames: "c\.go" is none of gin\.files/,
  ],
  ['a name that no marker can have', { 'redis|x': valid.redis }, /"redis\|x" is no word of a region marker/],
  ['no router', { gin: undefined }, /no option has the flag "router"/],
];

for (const [title, options, says] of refusals) {
  test(`options.json with ${title} is refused`, () => {
    assert.throws(() => parseOptions(JSON.parse(JSON.stringify({ ...valid, ...options }))), says);
  });
}

test('options.json tells all its problems at once', () => {
  assert.throws(
    () => parseOptions({ a: 1, b: { flag: 'with' } }),
    /a is not an object; .*b\.title .*"router".*"ci"/,
  );
});

test('what an option leaves out of options.json is empty', () => {
  const [redis] = parseOptions(valid);
  assert.deepEqual(redis, {
    ...valid.redis,
    name: 'redis',
    files: [],
    renames: new Map(),
    buildTags: [],
    slos: [],
  });
});

test('every region of the template is named after options, or "template"', () => {
  for (const [path, text] of texts) {
    for (const [, region = ''] of text.matchAll(/go-sre:begin (\S+)/g)) {
      for (const name of region.split('|'))
        assert.ok([...names, 'template'].includes(name), `${path}: ${region}`);
    }
  }
});

test('every file, rename and SLO in options.json is there', () => {
  const slos: { id: string }[] = JSON.parse(texts.get('slo.json')!).slos;
  for (const option of template.options) {
    for (const own of option.files) {
      const there = own.endsWith('/')
        ? [...texts.keys()].some((path) => path.startsWith(own))
        : texts.has(own);
      assert.ok(there, `${option.name}: ${own}`);
    }
    for (const id of option.slos)
      assert.ok(
        slos.some((slo) => slo.id === id),
        `${option.name}: ${id}`,
      );
  }
});

test('no service can have the name of another part in compose.yaml', () => {
  const { services } = parse(texts.get('compose.yaml')!) as { services: Record<string, unknown> };
  for (const name of Object.keys(services).filter((name) => name !== 'shop')) {
    assert.match(
      nameProblem(name, optionNames(template.options, 'with')) ?? '',
      /another part in compose\.yaml/,
      name,
    );
  }
});

test('a service that calls another has neither its name nor its port', () => {
  const url = new URL(/SHIPPING_URL:-(\S+)\}/.exec(texts.get('compose.yaml')!)![1]!);
  assert.ok(texts.get('cmd/shop/config.go')!.includes(`"http://localhost:${url.port}"`));
  const [withIt, without] = [['http-client'], ['redis', 'postgres']];
  assert.match(nameProblem(url.hostname, withIt) ?? '', /is the host name of another part/);
  assert.equal(nameProblem(url.hostname, without), undefined);
  for (const port of [Number(url.port), Number(url.port) - 1]) {
    assert.match(portProblem(String(port), withIt) ?? '', /8082 is that of the service it calls/);
    assert.equal(portProblem(String(port), without), undefined);
  }
});

test('no service can have a port that compose.yaml gives to another part', () => {
  const { services } = parse(texts.get('compose.yaml')!) as {
    services: Record<string, { ports?: string[] }>;
  };
  const published = Object.entries(services)
    .filter(([name]) => name !== 'shop')
    .flatMap(([, { ports = [] }]) => ports.map((port) => port.split(':').at(-1)!));
  assert.ok(published.length > 0);
  for (const port of published) {
    assert.match(portProblem(port, optionNames(template.options, 'with')) ?? '', /cannot be used/, port);
  }
});
