import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cohorts } from '../../../collector/correlate/cohort.ts';
import type { Question } from '../../../collector/correlate/incident.ts';
import { newRelease, oneInstance } from '../../../collector/correlate/origins.ts';
import type { RequestTree, SpanNode } from '../../../collector/correlate/spans.ts';

const question = { service: 'shop', method: 'GET', route: '/' } as Question;

/** Services with the version and instance that answered. */
type Answered = Record<string, readonly [version: string, instance: string]>;

function request(durationMs: number, answered: Answered, startUnixNano = 0n): RequestTree {
  const spans = Object.entries(answered).map(
    ([service, [version, instance]]) =>
      ({
        ...{ service, failed: false, startUnixNano },
        resource: { 'service.version': version, 'service.instance.id': instance },
      }) as unknown as SpanNode,
  );
  return { traceId: '', entry: spans[0]!, spans, durationMs, weight: 1 };
}

const many = (n: number, durationMs: number, answered: Answered) =>
  Array.from({ length: n }, () => request(durationMs, answered));

function cohorts(before: RequestTree[], now: RequestTree[]): Cohorts {
  const cohort = (requests: RequestTree[]) => ({ requests, stored: requests.length });
  const bad = now.filter(({ durationMs }) => durationMs > 100);
  return { slowMs: 100, baseline: cohort(before), current: cohort(now), bad: cohort(bad) };
}

const shop = ['1', 'shop-a'] as const;
const quiet = many(40, 5, { shop, stock: ['1', 'stock-a'] });

test('a new version of a service that is called explains the change when its requests are the bad ones', () => {
  const found = newRelease(
    question,
    cohorts(quiet, [
      ...many(20, 5, { shop, stock: ['1', 'stock-a'] }),
      ...many(20, 300, { shop, stock: ['2', 'stock-b'] }),
    ]),
  );
  assert.equal(found.outcome, 'holds');
  assert.equal(
    found.statement,
    'New release: stock 2 is new since the onset, 50.0 % of traces (40 traces, 40 before); 100 % of them bad, 0 % of 20 without it, p < 1e-9.',
  );
});

test('a new version explains nothing when the requests of the old one are as bad', () => {
  const now = ['1', '2'].flatMap((version) => many(20, 300, { shop, stock: [version, `stock-${version}`] }));
  const found = newRelease(question, cohorts(quiet, now));
  assert.equal(found.outcome, 'refuted');
  assert.match(found.statement, /stock 2 is new since the onset.*100 % of them bad, 100 % of 20 without it/);
});

test('where nothing but the new version runs there is nothing to refute it with', () => {
  const found = newRelease(question, cohorts(quiet, many(40, 300, { shop: ['2', 'shop-b'] })));
  assert.equal(found.outcome, 'holds');
  assert.match(found.statement, /^New release: shop 2 is new since the onset, 100 % of traces/);
});

test('a service that was not called before is no new release', () => {
  const found = newRelease(
    question,
    cohorts(many(40, 5, { shop }), many(40, 300, { shop, tax: ['9', 't'] })),
  );
  assert.equal(found.outcome, 'refuted');
  assert.equal(found.statement, 'New release: shop 1 before and since (40 traces, 40 before).');
});

test('the worst instance of a service that is called is named with its service', () => {
  const found = oneInstance(
    question,
    cohorts(quiet, [
      ...many(30, 5, { shop, stock: ['1', 'stock-a'] }),
      ...many(10, 300, { shop, stock: ['1', 'stock-b'] }),
    ]),
  );
  assert.equal(found.outcome, 'holds');
  assert.match(
    found.statement,
    /^One instance: stock-b: 100 % bad on the worst of 2 of stock, 0 % on the others \(10 and 30 traces\)/,
  );
});

test('of several services with instances the one that explains the change comes first, else the own one', () => {
  const spread = (slow: string) =>
    Array.from({ length: 80 }, (_, i) => {
      const answered = { shop: ['1', `shop-${i % 2}`], stock: ['1', `stock-${(i >> 1) % 2}`] } as const;
      return request(slow === '' || answered.stock[1] === slow ? 300 : 5, answered);
    });
  assert.match(
    oneInstance(question, cohorts(quiet, spread('stock-1'))).statement,
    /^One instance: stock-1: /,
  );
  const even = oneInstance(question, cohorts(quiet, spread('')));
  assert.equal(even.outcome, 'refuted');
  assert.match(even.statement, /^One instance: 100 % bad on the worst of 2, 100 % on the others/);
});

test('an instance that took the place of another is not compared with it', () => {
  const old = Array.from({ length: 12 }, (_, i) => request(5, { shop: ['1', 'shop-a'] }, BigInt(i)));
  const young = Array.from({ length: 30 }, (_, i) => request(300, { shop: ['1', 'shop-b'] }, BigInt(20 + i)));
  const found = oneInstance(question, cohorts(quiet, [...old, ...young]));
  assert.equal(found.outcome, 'untested');
  assert.match(found.statement, /shop has one instance/);
});

test('with one instance, or none that is named, nothing is tested', () => {
  assert.match(oneInstance(question, cohorts(quiet, quiet)).statement, /shop has one instance/);
  const nameless = many(40, 5, { shop: ['', ''] });
  assert.match(oneInstance(question, cohorts(nameless, nameless)).statement, /do not name their instance/);
  assert.match(newRelease(question, cohorts(nameless, nameless)).statement, /carry no service\.version/);
});
