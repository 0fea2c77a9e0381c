import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { planAlerts } from '../../../alerts/index.ts';
import { readSpecFiles, readSpecs } from '../../../slo/import/read.ts';
import { formatFileProblems, parseSpec, type Service } from '../../../slo/index.ts';
import { kinds } from '../../../slo/spec/keys.ts';
import { specExamples } from '../../helpers/spec-examples.ts';
import { renderSpecPage } from '../../helpers/spec-page.ts';
import { tool } from '../../helpers/tools.ts';

const testdata = join(import.meta.dirname, 'testdata');
const text = (file: string) => readFileSync(join(testdata, file), 'utf8');
const all = globSync('*/*.{yaml,json}', { cwd: testdata })
  .filter((file) => !file.endsWith('.golden.json'))
  .sort();
const bad = all.filter((file) => /\.bad\.(yaml|json)$/.test(file));
const good = all.filter((file) => !bad.includes(file));
const named = (file: string) =>
  file
    .replace(/(\.bad)?\.(yaml|json)$/, '')
    .replaceAll('-', ' ')
    .replace('/', ': ');

// Refreshed by: node --test --test-update-snapshots test/slo/import/read.test.ts
for (const file of good) {
  test(`read into our model, with what it cannot say as warnings: ${named(file)}`, (t) => {
    const { services, problems, warnings } = readSpecs(text(file), file.slice(file.indexOf('/') + 1));
    assert.deepEqual(problems, []);
    const golden = `${JSON.stringify({ services, warnings }, undefined, 2)}\n`;
    const path = join(testdata, file.replace(/\.\w+$/, '.golden.json'));
    t.assert.fileSnapshot(golden, path, { serializers: [String] });
  });
}

for (const file of bad) {
  test(`refused with every problem, its line and what to do: ${named(file)}`, (t) => {
    const { problems } = readSpecs(text(file), file.slice(file.indexOf('/') + 1));
    assert.ok(problems.length > 0, 'it was accepted');
    const path = join(testdata, file.replace(/\.\w+$/, '.txt'));
    t.assert.fileSnapshot(`${formatFileProblems(problems)}\n`, path, { serializers: [String] });
  });
}

test('the rules of every example that is read are rules of Prometheus', (t) => {
  const promtool = tool(t, 'promtool');
  if (promtool === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'imported-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const paths = good.flatMap((file) =>
    readSpecs(text(file), file).services.map((service) => {
      const path = join(folder, `${file.replace('/', '-')}-${service.name}.yaml`);
      writeFileSync(path, planAlerts(service).get('prometheus/rules.yaml')!);
      return path;
    }),
  );
  const { status, stderr } = spawnSync(promtool, ['check', 'rules', ...paths], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

const head = 'schema: go-sre.slo/v1\nservice: shop\nowner: team-shop\nrunbook: docs/runbook.md\n';
const slo = (id: string) => `{ id: ${id}, kind: availability, objective: 0.99, window: 30d }`;

test('JSON and the same as YAML are the same service, and what parseSpec makes of it', () => {
  const json = readFileSync(join(import.meta.dirname, '../testdata/shop.json'), 'utf8');
  const { services } = readSpecs(json, 'slo.json');
  const parsed = parseSpec(json);
  assert.ok(parsed.ok);
  assert.deepEqual(services, [parsed.service]);
  assert.deepEqual(readSpecs(`# as YAML\n${json}`, 'slo.yaml').services, services);
});

test('a service in several files is joined, and its objectives answer for themselves', () => {
  const files = [
    { file: 'a.yaml', text: `${head}routing: { page: oncall }\nslos: [${slo('a')}]` },
    {
      file: 'b.yaml',
      text: `${head.replace('team-shop', 'team-b')}routing: { ticket: board }\nslos: [${slo('b')}]`,
    },
  ];
  const { services, problems } = readSpecFiles(files);
  assert.deepEqual(problems, []);
  assert.equal(services.length, 1);
  const [{ owner, routing, slos }] = services as [Service];
  assert.equal(owner, 'team-shop');
  assert.deepEqual(routing, { page: 'oncall', ticket: 'board' });
  assert.deepEqual(
    slos.map(({ id, owner: own }) => [id, own]),
    [
      ['a', undefined],
      ['b', 'team-b'],
    ],
  );
});

test('an id that stands in two files is told with both places', () => {
  const files = ['a.yaml', 'b.yaml'].map((file) => ({ file, text: `${head}slos: [${slo('up')}]` }));
  assert.match(
    formatFileProblems(readSpecFiles(files).problems),
    /^b\.yaml:5: slos\[0\]\.id: "up" .* in a\.yaml:5;/,
  );
});

test('an indicator may stand in another file than the SLO that names it', () => {
  const documents = text('openslo/http-ratio.yaml').split('---\n');
  const files = documents.map((part, index) => ({ file: `${index}.yaml`, text: part }));
  const together = readSpecs(documents.join('---\n'), 'all.yaml');
  assert.deepEqual(readSpecFiles(files.toReversed()).services, together.services);
});

test('defaults stand where a foreign file names nobody, and take the warning away', () => {
  const source = text('sloth/latency-threshold.yaml');
  const { services, warnings } = readSpecs(source, 'a.yaml', { owner: 'us', runbook: 'r.md', window: '7d' });
  assert.equal(services[0]?.owner, 'us');
  assert.equal(services[0]?.runbook, 'r.md');
  assert.deepEqual(services[0]?.slos[0]?.objective.window, { kind: 'rolling', days: 7 });
  assert.ok(!warnings.some((warning) => warning.includes('stands in')));
});

test('how to connect to a data source is never shown', () => {
  const { problems, warnings } = readSpecs(text('openslo/sources-that-are-not-promql.bad.yaml'), 'a.yaml');
  assert.ok(!JSON.stringify([problems, warnings]).includes('not-to-be-shown'));
});

test('a file too large, of too many documents or nested too deeply is refused as one problem', () => {
  const refused = (source: string) => {
    const { problems, services } = readSpecs(source, 'a.yaml');
    assert.deepEqual(services, []);
    assert.equal(problems.length, 1);
    return problems[0]!.message;
  };
  assert.match(refused('#'.repeat(2_000_001)), /2000001 characters/);
  assert.match(refused('---\na: 1\n'.repeat(10_001)), /10001 documents/);
  assert.match(refused(`a: ${'['.repeat(100)}${']'.repeat(100)}`), /nested deeper than 64/);
});

test('JSON nested however deeply is answered', () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const { problems } = readSpecs(`{"schema": ${deep}}`, 'slo.json');
  assert.match(formatFileProblems(problems), /^slo\.json:1: schema: \[… is not "go-sre\.slo\/v1"/);
});

test('at most a thousand problems are listed, and the others are counted', () => {
  const { problems } = readSpecs('- {}\n'.repeat(1_500), 'a.yaml');
  assert.equal(problems.length, 1_001);
  assert.equal(problems.at(-1)?.message, 'and 500 more problems');
});

test('any file at all is answered: with services, or with problems that say something', () => {
  const pieces = good.flatMap((file) => text(file).split('\n'));
  const lines = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 40 });
  fc.assert(
    fc.property(lines, (some) => {
      const { services, problems } = readSpecs(some.join('\n'), 'a.yaml');
      assert.ok(services.length + problems.length > 0);
      for (const { message, line } of problems) assert.ok(message !== '' && (line ?? 1) > 0);
    }),
    { numRuns: 200 },
  );
});

test('docs/slo-spec.md says what the table of keys says; npm run golden renews it', () => {
  const page = readFileSync(new URL('../../../docs/slo-spec.md', import.meta.url), 'utf8');
  assert.equal(page, renderSpecPage());
});

test('the examples of docs/slo-spec.md are read, and show every kind', () => {
  const shown = specExamples.flatMap(({ title, yaml }) => {
    const { services, problems } = readSpecs(`${head}slos:\n${yaml}`, title);
    assert.deepEqual(problems, []);
    return services.flatMap(({ slos }) => slos.map(({ sli }) => sli.kind));
  });
  assert.deepEqual([...new Set(shown)], [...kinds]);
});
