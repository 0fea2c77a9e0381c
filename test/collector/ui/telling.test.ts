import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GoldenSignals } from '../../../collector/api/types.ts';
import {
  alternativeClaim,
  alternativeName,
  firstSentence,
  formatP,
  routeText,
  stepsOf,
} from '../../../collector/ui/views/evidence.ts';
import { emphasis } from '../../../collector/ui/views/health.ts';
import { droppedOf } from '../../../collector/ui/views/losses.ts';
import { INCIDENT_ID, outage } from './e2e/outage.ts';

const incident = outage().incident[INCIDENT_ID]!;

test('findings become steps in the order of telling, one per kind', () => {
  const shuffled = { findings: incident.findings.toReversed() };
  const names = stepsOf(shuffled).map((step) => step.name);
  assert.deepEqual(names.slice(0, 3), ['Symptom', 'Onset', 'Exemplars']);
  assert.equal(names.at(-1), 'Alternatives');
  assert.equal(stepsOf(incident).find((s) => s.kind === 'symptom')?.findings.length, 2);
});

test('an incident without a route, or of some requests alone, says so', () => {
  assert.equal(routeText({ method: '', route: '' }), 'no route named');
  const where = [
    { key: 'customer', value: '42' },
    { key: 'region', value: 'eu' },
  ];
  assert.equal(routeText({ method: 'GET', route: '/x', where }), 'GET /x with customer=42 and region=eu');
});

test('a step is untested only when nothing of it was tested', () => {
  const untested = stepsOf(incident).filter((step) => step.untested);
  assert.deepEqual(
    untested.map((step) => step.kind),
    ['pool'],
  );
  assert.deepEqual(stepsOf({ findings: [] }), []);
});

test('alternatives are counted and named by what they blame', () => {
  const step = stepsOf(incident).find((s) => s.kind === 'alternatives');
  assert.equal(step?.looksAt, '2 of 2 refuted');
  assert.equal(alternativeName(step!.findings[0]!), 'New release');
  const named = {
    ...step!.findings[0]!,
    subject: { method: 'GET', route: '/a' },
    facts: { alternative: 'More traffic' },
    statement: 'More traffic: 118 › 118 req/s.',
  };
  assert.deepEqual([alternativeName(named), alternativeClaim(named)], ['More traffic', '118 › 118 req/s.']);
});

test('a sentence does not end inside a number', () => {
  assert.deepEqual(firstSentence('Calls rose to 2.40. Then it failed.'), {
    first: 'Calls rose to 2.40.',
    rest: ' Then it failed.',
  });
  assert.deepEqual(firstSentence('No end'), { first: 'No end', rest: '' });
});

test('p values are short', () => {
  assert.deepEqual([0.3123, 0.00004, 1e-12].map(formatP), ['p = 0.31', 'p = 4e−5', 'p < 1e−9']);
});

test('only what differs in a row that is not normal is emphasised', () => {
  const line = { at: [], value: [] };
  const signals: GoldenSignals = {
    ...{ perSecond: 1, errorShare: 0.062, p99Ms: 2310, usualP99Ms: 142 },
    ...{ traffic: line, errors: line, latency: line },
  };
  assert.deepEqual(emphasis('failing', signals), { errors: true, latency: true });
  assert.deepEqual(emphasis('normal', signals), { errors: false, latency: false });
  assert.deepEqual(emphasis('slow', { ...signals, errorShare: 0.0001 }), { errors: false, latency: true });
  assert.deepEqual(emphasis('slow', { ...signals, usualP99Ms: null }), { errors: true, latency: false });
});

test('losses name their reasons, the largest first, and forget those of nothing', () => {
  const { status } = outage();
  assert.deepEqual(droppedOf(status, 'traces'), { total: 1204, reasons: 'queue full' });
  assert.deepEqual(droppedOf(status, 'logs'), { total: 0, reasons: '' });
  status.signals.logs.dropped = [
    { reason: 'line too long', records: 2 },
    { reason: 'store full', records: 30 },
    { reason: 'queue full', records: 0 },
  ];
  assert.deepEqual(droppedOf(status, 'logs'), { total: 32, reasons: 'store full 30; line too long 2' });
});
