import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCollectorDashboard } from '../../dashboards/index.ts';
import { lint } from '../../dashboards/lint.ts';
import { collectorMetric } from '../../slo/index.ts';
import { type GrafanaJson, rowTitles } from '../helpers/dashboard-panels.ts';

const files = [...planCollectorDashboard()];
const text = planCollectorDashboard().get('collector.json')!;
const dashboard: GrafanaJson = JSON.parse(text);

test("the collector's dashboard keeps every rule, and two renderings have the same bytes", () => {
  assert.deepEqual(
    files.map(([name]) => name),
    ['collector.json', 'collector.perses.json'],
  );
  for (const [name, rendered] of files) assert.deepEqual(lint(rendered), [], name);
  assert.deepEqual([...planCollectorDashboard()], files);
});

test('it shows arrivals, losses, the way to the disk, what is kept and the process', () => {
  assert.deepEqual(rowTitles(dashboard), [
    'What arrives',
    'On the way to the disk',
    'What is kept',
    'The process',
  ]);
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
