import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { explain, incidentId } from '../../../collector/correlate/engine.ts';
import { EVIDENCE_KINDS, type EvidenceKind, type Incident } from '../../../collector/correlate/incident.ts';
import type { Store } from '../../../collector/storage/store.ts';
import type { Batch } from '../../../collector/telemetry/batch.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { type Scenario, type ScenarioOptions, scenario, storeOf } from '../../helpers/scenario.ts';

const MINUTE = 60_000_000_000n;
const never = new AbortController().signal;

function questionOf(made: Scenario, signal: 'latency' | 'errors' = 'latency', service = 'shop') {
  return {
    ...{ service, method: 'GET', route: '/api/v2/verify', signal },
    onsetUnixNano: made.faultUnixNano,
    incident: { fromUnixNano: made.faultUnixNano, toUnixNano: made.endUnixNano },
    baseline: { fromUnixNano: made.startUnixNano, toUnixNano: made.faultUnixNano - MINUTE },
  };
}

async function explained(
  t: TestContext,
  options: ScenarioOptions,
  signal: 'latency' | 'errors' = 'latency',
  change: (batches: Batch[]) => Batch[] = (batches) => batches,
): Promise<Incident> {
  const made = scenario({ quietSeconds: 130, faultSeconds: 65, ...options });
  const store = await storeOf(t, change(made.batches));
  return explain(questionOf(made, signal, options.service), store, {
    clock: () => made.endUnixNano,
    signal: never,
  });
}

const outcome = (incident: Incident, kind: EvidenceKind) =>
  incident.findings.find((f) => f.kind === kind)?.outcome;
const alternative = (incident: Incident, name: string) =>
  incident.findings.find((found) => found.facts['alternative'] === name)?.outcome;
const fact = (incident: Incident, kind: EvidenceKind, key: string) =>
  incident.findings.find((found) => found.kind === kind)?.facts[key];

test('a slow cache is named, with its share of slow traces before and since, and high confidence', async (t) => {
  const incident = await explained(t, { fault: 'slow-cache', instances: 2 });
  assert.match(incident.title, /^redis\.GET slow: shop runs out of connections, retries multiply the load ×/);
  assert.match(
    incident.verdict,
    /^redis\.GET \(redis-0:6379\) is slow since \d\d:\d\d:\d\d: \d+\.\d % of slow traces spend over \d+ ms in it, 0 % before \(n = \d+ and \d+\)\./,
  );
  assert.equal(incident.confidence.tier, 'high', incident.confidence.reason);
  for (const kind of EVIDENCE_KINDS.slice(0, 8)) assert.equal(outcome(incident, kind), 'holds', kind);
  for (const found of incident.findings.filter((f) => f.kind === 'alternatives')) {
    assert.equal(found.outcome, 'refuted', found.statement);
  }
});

test('the chain leads from exemplars to stored traces and to a log line of one of the slow traces', async (t) => {
  const incident = await explained(t, { fault: 'slow-cache' });
  const traces = incident.findings.find((found) => found.kind === 'exemplars')!.references;
  assert.equal(traces.length, 8);
  assert.equal(fact(incident, 'exemplars', 'main'), 'redis.GET');
  const [line] = incident.findings.find((found) => found.kind === 'logs')!.references;
  assert.ok(
    line?.kind === 'log' && /^[0-9a-f]{32}$/.test(line.traceId) && /redis attempt failed$/.test(line.label),
  );
  assert.ok(BigInt(line.timeUnixNano) >= BigInt(incident.onsetUnixNano));
  const followed = traces.flatMap((reference) => (reference.kind === 'trace' ? reference.traceId : []));
  assert.ok(followed.includes(line.traceId), 'the line is not of one of the followed traces');
});

test('the call is seen to change within seconds of the true moment, and not after the route', async (t) => {
  const made = scenario({ quietSeconds: 130, faultSeconds: 65, fault: 'slow-cache' });
  const incident = await explained(t, { fault: 'slow-cache' });
  const began = BigInt(String(fact(incident, 'onset', 'began redis.GET')));
  const seconds = Number(began - made.faultUnixNano) / 1e9;
  assert.ok(Math.abs(seconds) < 3, `${seconds} s off`);
  assert.equal(fact(incident, 'onset', 'first'), 'redis.GET');
});

test('a cache that slows down over a minute is dated to when it began, not to when it was worst', async (t) => {
  const options = { fault: 'slow-cache', rampSeconds: 60, quietSeconds: 130, faultSeconds: 75 } as const;
  const made = scenario(options);
  const incident = await explained(t, options);
  const seconds =
    Number(BigInt(String(fact(incident, 'onset', 'began redis.GET'))) - made.faultUnixNano) / 1e9;
  assert.ok(seconds > -1 && seconds < 3, `${seconds} s off`);
  assert.equal(outcome(incident, 'onset'), 'holds');
});

test('names come from the data alone: another service with another database is explained in its own words', async (t) => {
  const incident = await explained(t, { fault: 'slow-cache', service: 'billing', system: 'valkey' });
  assert.match(incident.title, /^valkey\.GET slow: GET \/api\/v2\/verify of billing waits/);
  const found = incident.findings.find((f) => f.kind === 'pool')!;
  assert.equal(found.statement, 'Not tested: no metrics of a valkey pool of billing are stored.');
  const text = JSON.stringify(incident).replaceAll(/redis_[a-z_]+/g, '');
  assert.doesNotMatch(text, /shop|redis/);
});

test('a slow handler is not blamed on the cache', async (t) => {
  const incident = await explained(t, { fault: 'slow-handler' });
  assert.equal(incident.title, 'GET /api/v2/verify of shop is slow in its own code');
  assert.doesNotMatch(incident.verdict, /redis/);
  assert.equal(incident.confidence.tier, 'medium');
  assert.equal(outcome(incident, 'retry-storm'), 'refuted');
  assert.equal(outcome(incident, 'pool'), 'refuted');
});

test('a cache that refuses is found where the failures begin', async (t) => {
  const incident = await explained(t, { fault: 'cache-down' }, 'errors');
  assert.match(incident.title, /^redis\.GET failing: .*retries multiply the load ×3\.0$/);
  assert.match(incident.verdict, /100 % of failed traces have a failed redis\.GET, 0 % before/);
});

test('more traffic alone changes nothing that needs a cause', async (t) => {
  const incident = await explained(t, { fault: 'traffic' });
  assert.equal(incident.confidence.tier, 'insufficient evidence');
  assert.equal(outcome(incident, 'symptom'), 'refuted');
  assert.match(incident.verdict, /^Insufficient evidence/);
});

test('traffic that makes requests slow is told as what may explain it, and lowers the confidence', async (t) => {
  const incident = await explained(t, { fault: 'overload' });
  assert.equal(alternative(incident, 'More traffic'), 'holds');
  assert.equal(alternative(incident, 'CPU of shop'), 'holds');
  assert.equal(incident.confidence.tier, 'low');
  assert.match(incident.verdict, /Also possible: More traffic: .* req\/s, ×/);
});

test('traffic that grew because clients try again after failures is not the cause of them', async (t) => {
  const incident = await explained(t, { fault: 'cache-down', clientsRetry: true }, 'errors');
  const found = incident.findings.find((f) => f.facts['alternative'] === 'More traffic')!;
  assert.equal(found.outcome, 'refuted', found.statement);
  assert.match(found.statement, /it rose .* the change, by no more than .* failed req\/s: clients try again/);
  assert.equal(incident.confidence.tier, 'high', incident.confidence.reason);
});

test('a release that came with the change is told, and to be rolled back first', async (t) => {
  const incident = await explained(t, { fault: 'release' });
  assert.equal(alternative(incident, 'New release'), 'holds');
  assert.match(incident.tryFirst, /^Roll back: shop 1\.1\.0/);
});

test('one bad instance of two is told apart from the other', async (t) => {
  const incident = await explained(t, { fault: 'one-instance', instances: 2 });
  assert.equal(alternative(incident, 'One instance'), 'holds');
  assert.match(incident.verdict, /One instance: shop-0: \d/);
});

test('when everything slows down alike no part of it is blamed', async (t) => {
  const incident = await explained(t, { fault: 'everything' });
  const found = incident.findings.find((f) => f.kind === 'where')!;
  assert.equal(found.outcome, 'refuted', found.statement);
  assert.match(found.statement, /^No single part holds the larger half of the growth\. /);
  assert.notEqual(incident.confidence.tier, 'high');
  assert.notEqual(incident.confidence.tier, 'medium');
});

test('the access line, which repeats every failure, is no evidence of its cause', async (t) => {
  const incident = await explained(t, { fault: 'cache-down', without: ['attempt lines'] }, 'errors');
  assert.equal(outcome(incident, 'logs'), 'refuted');
});

test('a quiet service has no incident to explain', async (t) => {
  const incident = await explained(t, { fault: 'none' });
  assert.equal(incident.confidence.tier, 'insufficient evidence');
  assert.equal(incident.title, 'GET /api/v2/verify of shop is as usual');
});

test('without logs the verdict stays, says that they were not tested, and the confidence falls', async (t) => {
  const incident = await explained(t, { fault: 'slow-cache', without: ['logs'] });
  assert.match(incident.title, /^redis\.GET slow/);
  assert.equal(outcome(incident, 'logs'), 'untested');
  assert.equal(incident.confidence.tier, 'medium');
  assert.match(incident.confidence.reason, /logs not tested/);
});

test('log lines without trace ids are told as joined by time, not as proof', async (t) => {
  const incident = await explained(t, { fault: 'slow-cache', without: ['log trace ids'] });
  const found = incident.findings.find((f) => f.kind === 'logs')!;
  assert.equal(found.outcome, 'untested');
  assert.match(found.statement, /^"redis attempt failed" \(WARN\) comes .* joined by service and time/);
});

test('without exemplars the slowest stored traces stand in', async (t) => {
  const incident = await explained(t, { fault: 'slow-cache', without: ['exemplars'] });
  assert.match(
    incident.findings.find((f) => f.kind === 'exemplars')!.statement,
    /^No exemplar leads to a stored trace/,
  );
  assert.match(incident.title, /^redis\.GET slow/);
});

test('the pool that is read is the one of the slow database, whatever other pools there are', async (t) => {
  const incident = await explained(t, {
    ...{ fault: 'slow-cache', system: 'postgresql', otherPools: { redis: 'calm' } },
  });
  assert.match(incident.title, /^postgresql\.GET slow: shop runs out of connections/);
  const found = incident.findings.find((f) => f.kind === 'pool')!;
  assert.match(found.statement, /^The postgresql pool is full since .*: 50 of 50 connections in use/);
  assert.match(incident.verdict, /The postgresql pool is full, 50 of 50 connections/);
});

test('a full pool of another database is no reason of a slow one, nor of slow code', async (t) => {
  const otherPools = { postgresql: 'full' } as const;
  const cache = await explained(t, { fault: 'cache-down', otherPools }, 'errors');
  assert.match(cache.title, /^redis\.GET failing: GET \/api\/v2\/verify of shop waits/);
  assert.equal(outcome(cache, 'pool'), 'refuted');
  const code = await explained(t, { fault: 'slow-handler', otherPools });
  assert.equal(code.title, 'GET /api/v2/verify of shop is slow in its own code');
  const found = code.findings.find((f) => f.kind === 'pool')!;
  assert.match(
    found.statement,
    /^The postgresql pool is full .* The redis pool has \d+(\.\d)? % in use at most\.$/,
  );
});

test('without pool metrics the pool is not tested, and nothing is said about connections', async (t) => {
  const incident = await explained(t, { fault: 'slow-cache', without: ['pool'] });
  assert.equal(outcome(incident, 'pool'), 'untested');
  assert.doesNotMatch(incident.title, /connections/);
});

test('without traces there is a symptom and no cause', async (t) => {
  const incident = await explained(t, { fault: 'slow-cache', without: ['traces'] });
  assert.equal(outcome(incident, 'symptom'), 'holds');
  assert.equal(outcome(incident, 'where'), 'untested');
  assert.equal(incident.confidence.tier, 'insufficient evidence');
  assert.match(incident.title, /cause not known$/);
});

test('without metrics the golden signals come from spans, and the harm says so', async (t) => {
  const incident = await explained(t, { fault: 'slow-cache', without: ['metrics'] });
  assert.match(incident.title, /^redis\.GET slow/);
  assert.match(incident.harm, /Counted in stored spans/);
  assert.equal(alternative(incident, 'More traffic'), 'untested');
});

test('half of the traces sampled away change no share', async (t) => {
  const incident = await explained(t, { fault: 'slow-cache', sampled: 0.5 });
  assert.match(incident.title, /^redis\.GET slow/);
  assert.ok(Number(fact(incident, 'difference', 'share')) > 0.8);
});

test('of nothing stored every kind of evidence says what is missing', async (t) => {
  const made = scenario({ quietSeconds: 60, faultSeconds: 30 });
  const store = await storeOf(t, []);
  const incident = await explain(questionOf(made), store, { clock: () => made.endUnixNano, signal: never });
  assert.equal(incident.confidence.tier, 'insufficient evidence');
  for (const found of incident.findings) {
    assert.equal(found.outcome, 'untested');
    assert.match(found.statement, /[Nn]ot tested: /);
  }
});

test('data that arrives shuffled and twice gives the same verdict', async (t) => {
  const options = { fault: 'slow-cache', quietSeconds: 120, faultSeconds: 60 } as const;
  const straight = await explained(t, options);
  const mixed = await explained(t, options, 'latency', (batches) => [...batches.toReversed(), ...batches]);
  const told = ({ title, verdict, confidence, harm }: Incident) => ({ title, verdict, confidence, harm });
  assert.deepEqual(told(mixed), told(straight));
});

test('a query that fails makes its evidence untested; an abort rejects', async (t) => {
  const made = scenario({ quietSeconds: 90, faultSeconds: 60, fault: 'slow-cache' });
  const store = await storeOf(t, made.batches);
  const slow: Store = {
    ...store,
    findLogs: () => Promise.reject(new CollectorError('too-slow', 'The query took 10 s.')),
  };
  const question = {
    ...questionOf(made),
    baseline: { fromUnixNano: made.startUnixNano, toUnixNano: made.faultUnixNano },
  };
  const clock = () => made.endUnixNano;
  const incident = await explain(question, slow, { clock, signal: never });
  const found = incident.findings.find((f) => f.kind === 'logs')!;
  assert.equal(found.statement, 'Not tested: could not be read: The query took 10 s.');
  await assert.rejects(explain(question, store, { clock, signal: AbortSignal.abort() }), {
    name: 'AbortError',
  });
});

test('a defect in one kind of evidence hides neither the incident nor itself', async (t) => {
  const made = scenario({ quietSeconds: 130, faultSeconds: 65, fault: 'slow-cache' });
  const store = await storeOf(t, made.batches);
  const defect = new TypeError('x is not a function');
  const broken: Store = { ...store, findLogs: () => Promise.reject(defect) };
  const warned: unknown[] = [];
  const incident = await explain(questionOf(made), broken, {
    clock: () => made.endUnixNano,
    signal: never,
    warn: (message, fields) => warned.push([message, fields]),
  });
  assert.match(incident.title, /^redis\.GET slow/);
  const found = incident.findings.find((f) => f.kind === 'logs')!;
  assert.deepEqual([found.outcome, found.statement], ['untested', 'Not tested: internal error.']);
  assert.deepEqual(warned.at(-1), ['a kind of evidence failed', { kind: 'logs', error: defect }]);
});

test('the id depends on service, route, signal and the onset minute alone', () => {
  const asked = {
    service: 'a',
    method: 'GET',
    route: '/x',
    signal: 'latency',
    onsetUnixNano: 5n * MINUTE,
  } as const;
  assert.match(incidentId(asked), /^[0-9a-f]{16}$/);
  assert.equal(incidentId(asked), incidentId({ ...asked, onsetUnixNano: 5n * MINUTE + 59_000_000_000n }));
  assert.notEqual(incidentId(asked), incidentId({ ...asked, onsetUnixNano: 6n * MINUTE }));
  assert.notEqual(incidentId(asked), incidentId({ ...asked, signal: 'errors' }));
  assert.notEqual(incidentId(asked), incidentId({ ...asked, route: '/y' }));
});
