import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCollectorDashboard } from '../../dashboards/index.ts';
import { type LintedDashboard, lint } from '../../dashboards/lint.ts';
import { collectorMetric } from '../../slo/index.ts';

const [[name, text]] = [...planCollectorDashboard()] as [[string, string]];
const dashboard: LintedDashboard = JSON.parse(text);

test("the collector's dashboard keeps every rule, and two renderings have the same bytes", () => {
  assert.equal(name, 'collector.json');
  assert.deepEqual(lint(dashboard), []);
  assert.deepEqual([...planCollectorDashboard()], [[name, text]]);
});

test('it shows arrivals, losses, the way to the disk, what is kept and the process', () => {
  const rows = (dashboard.panels ?? []).filter(({ type }) => type === 'row').map(({ title }) => title);
  assert.deepEqual(rows, ['What arrives', 'On the way to the disk', 'What is kept', 'The process']);
  for (const metric of [
    'refusedSpans',
    'dropped',
    'ackDuration',
    'evicted',
    'oldestTime',
    'exporterQueueSize',
  ] as const) {
    assert.ok(text.includes(collectorMetric[metric]), metric);
  }
});
