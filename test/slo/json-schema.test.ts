import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parseSpec, specJsonSchema } from '../../slo/index.ts';
import { kinds, neededKeys, type SpecKey, serviceKeys, sloKeys, specSchema } from '../../slo/spec/keys.ts';
import { specSchemaFile } from '../helpers/spec-page.ts';

const testdata = join(import.meta.dirname, 'testdata');
const accepts = new Ajv2020({ strict: true, strictRequired: false }).compile(specJsonSchema());

test('the published schema is the one of the table of keys; npm run golden renews it', () => {
  const published = new URL(`../../slo/spec/${specSchemaFile.name}`, import.meta.url);
  assert.equal(readFileSync(published, 'utf8'), specSchemaFile.text());
});

test('a spec that is read is one by the schema', () => {
  assert.ok(accepts(JSON.parse(readFileSync(join(testdata, 'shop.json'), 'utf8'))));
});

/** What a schema cannot say: that two ids differ, what PromQL is, how near to 1 an objective may be. */
const beyondSchema: readonly string[] = [
  'gauge-as-comparison',
  'grouped-by-status-code',
  'labels-summed-away',
  'budget-too-small-to-measure',
  'expressions-that-cannot-be-counted',
  'same-id-twice',
];

for (const file of globSync('*.bad.json', { cwd: testdata }).sort()) {
  const name = basename(file, '.bad.json');
  const beyond = beyondSchema.includes(name);
  test(`the schema ${beyond ? 'cannot tell' : 'refuses'} ${name.replaceAll('-', ' ')}`, () => {
    assert.equal(accepts(JSON.parse(readFileSync(join(testdata, file), 'utf8'))), beyond);
  });
}

/** Right values, and now and then any at all. */
const mostly = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 150, arbitrary: right }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
/** One of the right texts, and seldom one of the wrong ones. */
const either = <T>(right: readonly T[], wrong: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 25, arbitrary: fc.constantFrom(...right) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
  );
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
const route = either(['/', '/orders', '/orders/{id}'], ['/a b', 'orders', '/a\n/b', '/ü']);
const events = either(
  ['x_total', 'x_total{code="500"}', 'sum(rate(x_total[$window]))', 'sum(increase(x_total[$window]))'],
  ['(x_total)', 'sum(x_total)', 'x{'],
);
const instant = either(['x', 'max(x) / 2', 'time() - x'], ['x[5m]']);
const number = either([0.001, 0.3, 1, 60, 3_600], [86_400, 0, -1, 0.00001]);
const list = <T>(item: fc.Arbitrary<T>) => fc.uniqueArray(item, { minLength: 1, maxLength: 4 });

/** Values for a key, most of them right: from what the table says of it. */
function valuesOf(key: string, { schema }: SpecKey): fc.Arbitrary<unknown> {
  if ('const' in schema) return mostly(fc.constant(schema.const));
  if (Array.isArray(schema.enum)) return mostly(fc.constantFrom(...(schema.enum as unknown[])));
  const special: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    route,
    routes: list(fc.tuple(either(['', 'GET ', 'POST '], ['get ']), route).map((parts) => parts.join(''))),
    by: list(either(['region', 'zone', 'tenant_id'], ['slo', '__name__', 'a-b'])),
    errorTypes: list(name),
    objective: either([0.5, 0.9, 0.99, 0.999, 0.9999], [1, 0, 99.9]),
    window: either(['7d', '28d', '30d', 'month', '90d', '1d'], ['91d', '0d', '4w']),
    grafana: either(['https://grafana.example.com', 'http://g/'], ['grafana']),
    ...{ bad: events, good: events, total: events, gauge: instant, timestamp: instant },
    badRatio: either(['avg_over_time(x[$window])', '1 - avg_over_time(x[$window])'], ['x']),
    runbook: either(['docs/runbook.md', 'https://example.com/r'], ['two words']),
    routing: fc.record({ page: name, ticket: name }, { requiredKeys: [] }),
  };
  if (special[key]) return mostly(special[key]);
  if (schema.type === 'number') return mostly(number);
  return mostly(name);
}

/** An object of keys of the table: those that are needed, and some of the others. */
function objects(
  keys: Readonly<Record<string, SpecKey>>,
  needed: readonly string[],
  seldom: (key: string) => boolean,
): fc.Arbitrary<Record<string, unknown>> {
  const shape = Object.entries(keys).map(([key, about]) => {
    const value = valuesOf(key, about);
    if (needed.includes(key)) return [key, value] as const;
    const absent = { weight: seldom(key) ? 60 : 3, arbitrary: fc.constant(undefined) };
    return [key, fc.oneof(absent, { weight: 1, arbitrary: value })] as const;
  });
  return fc
    .record(Object.fromEntries(shape))
    .map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)));
}

const allNeed = (keys: Readonly<Record<string, SpecKey>>) =>
  Object.entries(keys).flatMap(([key, about]) => (about.required ? [key] : []));

const customForms: readonly (readonly string[])[] = [['bad', 'total'], ['good', 'total'], ['badRatio']];
const slos = fc
  .tuple(fc.constantFrom(...kinds), fc.constantFrom(...customForms), fc.boolean())
  .chain(([kind, form, several]) => {
    const more = kind === 'custom' ? form : neededKeys[kind];
    const foreign = (key: string) => {
      const { kinds: of } = (sloKeys as Readonly<Record<string, SpecKey>>)[key]!;
      if (kind === 'custom' && of?.includes('custom')) return true;
      return (of && !of.includes(kind)) || (several ? ['route', 'method'] : ['routes']).includes(key);
    };
    const needed = [...allNeed(sloKeys).filter((key) => key !== 'kind'), ...more];
    return objects(sloKeys, needed, (key) => key === 'kind' || foreign(key) === true).map((slo) => ({
      ...slo,
      kind,
    }));
  });
const specs = fc
  .tuple(
    objects(serviceKeys, allNeed(serviceKeys), () => false),
    fc.array(slos, { minLength: 1, maxLength: 2 }),
  )
  .map(([service, list]) => ({ ...service, slos: list }));

test('what the parser reads the schema accepts, whatever keys and values a spec is made of', () => {
  let read = 0;
  fc.assert(
    fc.property(specs, (spec) => {
      if (!parseSpec(spec).ok) return;
      read++;
      assert.ok(accepts(spec), JSON.stringify(accepts.errors));
    }),
    { numRuns: 500 },
  );
  assert.ok(read > 100, `only ${read} of the specs were right`);
});

test('the schema names its version and every key of the table', () => {
  const { $defs, properties, title } = specJsonSchema() as {
    $defs: { objective: { properties: object } };
    properties: object;
    title: string;
  };
  assert.match(title, new RegExp(specSchema));
  assert.deepEqual(Object.keys(properties), Object.keys(serviceKeys));
  assert.deepEqual(Object.keys($defs.objective.properties), Object.keys(sloKeys));
});
