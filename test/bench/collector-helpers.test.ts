import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenCases } from '../../bench/collector/cases.ts';
import { sum } from '../../bench/collector/otelcol.ts';
import { cpuSeconds, cpuSecondsOf, megabytesOf, residentMB } from '../../bench/collector/process-cost.ts';
import { cpuRatio, type Round, takeTurns } from '../../bench/collector/round.ts';

const round = (cpuUs: number): Round => ({ cpuUs, recordsASecond: 1, p99Ms: 1 });

test('CPU time is that of user and system, whatever the name of the program', () => {
  const stat =
    '77 (a b) c) S 1 77 77 0 -1 4194304 5183 0 0 0 1234 66 0 0 20 0 11 0 8651 1104969728 15000 18446744073709551615';
  assert.equal(cpuSecondsOf(stat), 13);
});

test('memory is told in megabytes, and a line that is missing is said to be', () => {
  const status = 'Name:\tnode\nVmHWM:\t  250000 kB\nVmRSS:\t  125000 kB\n';
  assert.equal(megabytesOf(status, 'VmRSS'), 128);
  assert.equal(megabytesOf(status, 'VmHWM'), 256);
  assert.throws(() => megabytesOf(status, 'VmSwap'), /no VmSwap/);
});

test('a process of this machine can be read', { skip: process.platform !== 'linux' }, () => {
  assert.ok(cpuSeconds(process.pid) > 0);
  assert.ok(residentMB(process.pid, 'VmHWM') >= residentMB(process.pid, 'VmRSS') * 0.9);
});

test("the Collector's counters are added up over their series, and only those of that name", () => {
  const text = [
    '# TYPE otelcol_exporter_sent_spans counter',
    'otelcol_exporter_sent_spans{exporter="file"} 1200',
    'otelcol_exporter_sent_spans{exporter="nop"} 34',
    'otelcol_exporter_sent_spans_before{exporter="file"} 5',
  ].join('\n');
  assert.equal(sum(text, 'otelcol_exporter_sent_spans'), 1234);
  assert.equal(sum(text, 'otelcol_exporter_sent_log_records'), 0);
});

test('subjects take turns, each first in every other round, and the round that warms up is left out', async () => {
  const asked: string[] = [];
  const turns = await takeTurns(2, async (who) => {
    asked.push(who);
    return round(asked.length);
  });
  assert.deepEqual(asked, ['ours', 'peer', 'peer', 'ours', 'ours', 'peer']);
  assert.deepEqual(
    [turns.ours, turns.peer],
    [
      [round(4), round(5)],
      [round(3), round(6)],
    ],
  );
});

test('the ratio is the median of the rounds, so that a busy moment that meets one subject is left out', () => {
  const turns = { ours: [round(1), round(2), round(30)], peer: [round(4), round(8), round(4)] };
  assert.equal(cpuRatio(turns), 0.25);
});

test('without --case all cases are measured, with it that one, and an unknown one is refused with the nearest', () => {
  assert.deepEqual(chosenCases(['512', 'json'], undefined), ['512', 'json']);
  assert.deepEqual(chosenCases(['512', 'json'], 'json'), ['json']);
  assert.throws(
    () => chosenCases(['512', 'json'], 'jsn'),
    /--case jsn: there is no such case\. Did you mean json\?/,
  );
});
