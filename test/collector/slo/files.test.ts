import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { main } from '../../../collector/main.ts';
import { readObjectives } from '../../../collector/slo/files.ts';
import { formatFileProblems } from '../../../slo/index.ts';
import { folderOf } from '../../helpers/collector.ts';

const root = join(import.meta.dirname, '../../..');
const shop = join(root, 'test/golden/shop/slo.json');
const sloth = `version: "prometheus/v1"
service: "pay"
slos:
  - name: "requests"
    objective: 99.9
    sli: { events: { error_query: "rate(e_total[{{.window}}])", total_query: "rate(t_total[{{.window}}])" } }
    alerting: { name: PayErrors }
`;

test('objectives come from files and globs, of our own format and of others, each service once', async (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'a[1]'));
  writeFileSync(
    join(folder, 'a[1]', 'pay.yaml'),
    `${sloth}labels: { owner: team-pay, runbook: docs/pay.md }\n`,
  );
  const read = await readObjectives(
    [shop, 'a[1]/pay.yaml', `${join(root, 'test/golden/shop')}/slo.*`],
    folder,
  );
  assert.equal(formatFileProblems(read.problems), '');
  assert.deepEqual(read.services.map(({ name }) => name).sort(), ['pay', 'shop']);
  assert.equal(await readObjectives([shop, 'a[1]/pay.yaml'], folder, read), read);
});

test('every fault of every file is told with its place, and a pattern without a file is one', async (t) => {
  const folder = folderOf(t);
  writeFileSync(
    join(folder, 'a.json'),
    '{"schema": "go-sre.slo/v1", "service": "Shop", "owner": "x", "slos": []}',
  );
  writeFileSync(
    join(folder, 'b.yaml'),
    'schema: go-sre.slo/v1\nservice: b\nowner: x\nrunbook: r\nslos: {}\n',
  );
  const { problems } = await readObjectives(['*.json', 'b.yaml', 'none/*.yaml', 'gone.json'], folder);
  const told = formatFileProblems(problems).replaceAll(`${folder}/`, '');
  assert.match(told, /^slo\.files\[2\]: no file is named none\/\*\.yaml$/m);
  assert.match(told, /^slo\.files\[3\]: no file is named gone\.json$/m);
  assert.match(told, /^a\.json:1: service: /m);
  assert.match(told, /^a\.json:1: runbook: /m);
  assert.match(told, /^b\.yaml:\d: slos: /m);
});

test('faults in objectives refuse the start and the check, with every one of them and exit code 2', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'bad.json');
  writeFileSync(
    file,
    '{"schema": "go-sre.slo/v1", "service": "Shop", "owner": "", "runbook": "r", "slos": []}',
  );
  for (const more of [['--check-config'], ['--data', join(folder, 't.sqlite')]]) {
    const error = t.mock.method(console, 'error', () => {});
    assert.equal(await main(['--slo', file, ...more]), 2);
    const told = error.mock.calls.map(({ arguments: [line] }) => String(line));
    error.mock.restore();
    assert.equal(told.length, 2);
    assert.match(told[0]!, /^go-sre-collector: .*bad\.json:1: service: /);
    assert.match(told[1]!, /^go-sre-collector: .*bad\.json:1: owner: /);
  }
  assert.equal(existsSync(join(folder, 't.sqlite')), false);
});
