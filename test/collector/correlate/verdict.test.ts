import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finding } from '../../../collector/correlate/finding.ts';
import type { Finding } from '../../../collector/correlate/incident.ts';
import { joinVerdict } from '../../../collector/correlate/verdict.ts';

const times = { fromUnixNano: 0n, toUnixNano: 90_000_000_000n };
const asked = {
  ...{ service: 'shop', method: 'GET', route: '/orders', signal: 'latency' as const, onsetUnixNano: 0n },
  ...{ incident: times, baseline: times },
};
const question = { ...asked, before: [] };
const symptom = (outcome: Finding['outcome']) =>
  finding(question, {
    kind: 'symptom',
    outcome,
    statement: 'p99 rose.',
    facts: { p99BeforeMs: 5, p99NowMs: 50 },
  });
const suspects = (tier: string) =>
  finding(question, {
    kind: 'suspects',
    outcome: 'holds',
    statement: 'It begins in prices. It writes other lines.',
    facts: { service: 'prices', score: 3, family: 'logs', about: 'prices/table.go:88', tier },
  });

test('where the route tells no cause, the service that stands out is named, never with the highest tier', () => {
  const joined = joinVerdict(asked, [symptom('holds'), suspects('high')]);
  assert.equal(joined.title, 'GET /orders of shop is slow: it begins in prices');
  assert.match(joined.verdict, /^It begins in prices\. /);
  assert.equal(joined.tryFirst, 'Look at prices: prices/table.go:88.');
  assert.equal(joined.confidence.tier, 'medium');
  assert.equal(joinVerdict(asked, [symptom('holds'), suspects('low')]).confidence.tier, 'low');
});

test('no service is to blame for a route that is as usual', () => {
  const joined = joinVerdict(asked, [symptom('refuted'), suspects('high')]);
  assert.equal(joined.title, 'GET /orders of shop is as usual');
  assert.equal(joined.confidence.tier, 'insufficient evidence');
});
