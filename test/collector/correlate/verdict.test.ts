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

const where = (facts: Finding['facts']) =>
  finding(question, {
    kind: 'where',
    outcome: 'holds',
    statement: 'The time is there.',
    baseline: { value: 5, n: 100 },
    incident: { value: 50, n: 100 },
    facts: { label: '', callee: '', beforeMs: 5, nowMs: 50, share: 0.9, ...facts },
  });
const sameCalls = (facts: Finding['facts'] = {}) =>
  finding(question, { kind: 'difference', outcome: 'refuted', statement: 'No call separates them.', facts });
const holds = (name: string, facts: Finding['facts'] = {}, p: number | null = null) =>
  finding(question, {
    ...{ kind: 'alternatives', outcome: 'holds', statement: `${name}: so it is.`, p },
    facts: { alternative: name, ...facts },
  });

for (const [name, alternative, title] of [
  ['a release', holds('New release', { service: 'shop', version: '2.0' }, 0.001), 'since shop 2.0'],
  ['an instance', holds('One instance', { service: 'shop', instance: 'shop-7' }, 0.001), 'on shop-7'],
  ['a lack of CPU', holds('CPU of shop'), 'CPU of shop is used up'],
  ['garbage collection', holds('Garbage collection'), 'garbage collection takes the time'],
] as const) {
  test(`${name} is told as the reason why own code is slow, not as something else that may explain it`, () => {
    const joined = joinVerdict(asked, [symptom('holds'), sameCalls(), where({}), alternative]);
    assert.equal(joined.title, `GET /orders of shop is slow in its own code, ${title}`);
    assert.equal(joined.confidence.tier, 'medium');
    assert.doesNotMatch(joined.verdict, /Also possible/);
    assert.doesNotMatch(joined.confidence.reason, /may explain it too/);
    assert.match(joined.verdict, /: so it is\./);
  });
}

test('an attribute that sets slow requests apart stands in the title of own code', () => {
  const joined = joinVerdict(asked, [
    symptom('holds'),
    sameCalls({ attribute: 'app.customer = acme' }),
    where({}),
  ]);
  assert.equal(joined.title, 'GET /orders of shop is slow in its own code, where app.customer = acme');
});

test('what lacks a processor waits everywhere: another slow call is no other explanation then', () => {
  const both = [symptom('holds'), sameCalls(), where({}), holds('Another dependency')];
  assert.equal(joinVerdict(asked, both).confidence.tier, 'low');
  const starved = joinVerdict(asked, [...both, holds('CPU of shop')]);
  assert.equal(starved.confidence.tier, 'medium');
  assert.doesNotMatch(starved.verdict, /Another dependency/);
  // Nor does a call that takes longer than before speak against it.
  const differs = finding(question, {
    kind: 'difference',
    outcome: 'holds',
    statement: 'x',
    facts: { traits: '[]' },
  });
  const slow = [symptom('holds'), differs, where({})];
  assert.equal(joinVerdict(asked, slow).confidence.tier, 'low');
  assert.equal(joinVerdict(asked, [...slow, holds('CPU of shop')]).confidence.tier, 'high');
});

test('a release without anything beside it goes with own code, with a doubt, and stands against a slow call', () => {
  const release = holds('New release', { service: 'shop', version: '2.0' });
  const own = joinVerdict(asked, [symptom('holds'), sameCalls(), where({}), release]);
  assert.equal(own.confidence.tier, 'medium');
  assert.match(own.confidence.reason, /no request without shop 2\.0 to compare with/);
  const call = where({ label: 'redis.GET', system: 'redis' });
  const traits = JSON.stringify(['redis.GET > 5 ms']);
  const differs = finding(question, {
    kind: 'difference',
    outcome: 'holds',
    statement: 'x',
    facts: { traits },
  });
  const other = joinVerdict(asked, [symptom('holds'), differs, call, release]);
  assert.deepEqual(
    [other.title, other.confidence.tier],
    ['redis.GET slow: GET /orders of shop waits', 'low'],
  );
  const compared = { ...release, p: 0.001 };
  const sure = joinVerdict(asked, [symptom('holds'), differs, call, compared]);
  assert.deepEqual(
    [sure.title, sure.confidence.tier],
    ['redis.GET slow: GET /orders of shop waits, since shop 2.0', 'high'],
  );
});

test('own code that fails says how much of it fails, and what it writes', () => {
  const failing = { ...asked, signal: 'errors' as const };
  const failed = finding(question, {
    ...{ kind: 'symptom', outcome: 'holds', statement: 'It fails.' },
    facts: { p99BeforeMs: 5, p99NowMs: 5, errorShareBefore: 0, errorShareNow: 0.4 },
  });
  const line = finding(question, {
    ...{ kind: 'logs', outcome: 'holds', statement: 'New.' },
    facts: { template: 'no table of zones', level: 'ERROR', caller: 'zones.go:7', share: 0.98 },
  });
  const joined = joinVerdict(failing, [failed, sameCalls(), where({ nowMs: 5 }), line]);
  assert.equal(joined.title, 'GET /orders of shop is failing in its own code: "no table of zones"');
  assert.match(
    joined.verdict,
    /^GET \/orders fails by itself since .*: 40\.0 % of its requests, 0 % before\. /,
  );
  assert.match(joined.verdict, /It writes "no table of zones" \(ERROR, zones\.go:7\) in 98\.0 % of them\.$/);
  assert.equal(joined.tryFirst, 'Look at zones.go:7 that writes "no table of zones".');
  const error = { ...line, facts: { ...line.facts, error: 'zones.csv: no such file' } };
  const told = joinVerdict(failing, [failed, sameCalls(), where({ nowMs: 5 }), error]);
  assert.match(told.title, / own code: "zones\.csv: no such file"$/);
  assert.match(
    told.verdict,
    /It writes "no table of zones": "zones\.csv: no such file" \(ERROR, zones\.go:7\) in/,
  );
  const silent = joinVerdict(failing, [failed, sameCalls(), where({ nowMs: 5 })]);
  assert.equal(silent.title, 'GET /orders of shop is failing in its own code');
  assert.match(silent.unknown, /^Which code it is: no log line came with it\./);
});

test('a release that came with a change of which no cause is known stands in the title', () => {
  const release = holds('New release', { service: 'shop', version: '2.0' }, 0.001);
  const { title, tryFirst } = joinVerdict(asked, [symptom('holds'), release]);
  assert.equal(title, 'GET /orders of shop is slow, p99 ×10, since shop 2.0: cause not known');
  assert.match(tryFirst, /^Roll back: so it is\.$/);
});
