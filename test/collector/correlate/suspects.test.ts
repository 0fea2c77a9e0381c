import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ranking } from '../../../collector/correlate/ranking/rank.ts';
import { rank, tierOf } from '../../../collector/correlate/ranking/rank.ts';
import type { Suspicion } from '../../../collector/correlate/ranking/suspicion.ts';
import { keptSuspects, suspectsFinding, timesOfOthers } from '../../../collector/correlate/suspects.ts';
import type { StoredDocument } from '../../../collector/storage/store.ts';

const times = { fromUnixNano: 0n, toUnixNano: 90n };
const question = {
  ...{ service: 'shop', method: 'GET', route: '/orders', signal: 'latency' as const, onsetUnixNano: 0n },
  ...{ incident: times, baseline: times, before: [] },
};

const suspicion = (service: string, family: Suspicion['family'], strength: number): Suspicion => ({
  ...{ service, family, strength, about: `${family} of it`, statement: `${service} changed in ${family}.` },
  ...{ baseline: { value: 1, n: 90 }, incident: { value: 2, n: 30 } },
  references: [{ kind: 'trace', traceId: 'ab', label: family }],
});

function ranking(suspicions: readonly Suspicion[], more: Partial<Ranking> = {}): Ranking {
  const suspects = rank(suspicions);
  return {
    ...{ windows: { incident: times, quiet: [times], before: 9 }, suspects, ...tierOf(suspects, 9) },
    ...{
      lacked: ['No log lines are stored.', 'No CPU and memory is stored.'],
      spans: 1234,
      logs: 0,
      ...more,
    },
  };
}

test('a service that stands out holds, with its numbers, its references and a table of all', () => {
  const found = suspectsFinding(
    question,
    ranking([suspicion('stock', 'cpu', 30), suspicion('shop', 'logs', 0.2)]),
  );
  assert.deepEqual([found.outcome, found.subject, found.effect], ['holds', { service: 'stock' }, 5]);
  assert.equal(
    found.statement,
    'It begins in stock (score 5.00 of 1, 10.0 times that of shop). stock changed in cpu.',
  );
  assert.deepEqual(
    [found.baseline, found.incident],
    [
      { value: 1, n: 90 },
      { value: 2, n: 30 },
    ],
  );
  assert.equal(found.references.length, 1);
  assert.deepEqual(
    found.table?.rows.map(({ cells, emphasis }) => [cells[0], cells[1], emphasis]),
    [
      ['stock', '5.00', true],
      ['shop', '0.50', false],
    ],
  );
  assert.match(
    found.table?.caption ?? '',
    /^2 of 2 services that changed; 1,234 spans, 1 minute of quiet time\./,
  );
});

test('a service that does not stand out enough is told as refuted, with the score', () => {
  const { outcome, statement } = suspectsFinding(question, ranking([suspicion('stock', 'cpu', 3)]));
  assert.equal(outcome, 'refuted');
  assert.match(statement, /^No service stands out: the strongest, stock, scores 0\.50 of 1\.$/);
});

test('without anything to compare it was not tested, unless usage names a service all the same', () => {
  const nothing = { spans: 0, logs: 0 };
  const { outcome, statement } = suspectsFinding(question, ranking([], nothing));
  assert.equal(outcome, 'untested');
  assert.equal(statement, 'Not tested: no log lines are stored. No CPU and memory is stored.');
  assert.equal(suspectsFinding(question, ranking([suspicion('stock', 'cpu', 30)], nothing)).outcome, 'holds');
});

test('an incident keeps twenty services, each with five evidences and the best score of each family', () => {
  const many = Array.from({ length: 25 }, (_, i) => suspicion(`s${i}`, 'cpu', 60 - i));
  const own = [1, 2, 3, 4, 5, 6, 7].map((strength) => suspicion('s0', 'logs', strength / 10));
  const kept = keptSuspects(rank([...many, ...own]));
  assert.equal(kept.length, 20);
  assert.equal(kept[0]!.evidence.length, 5);
  assert.deepEqual(kept[0]!.families, { cpu: 10, logs: 0.7 / 0.4 });
});

test('stored incidents are known times from shortly before each onset, but for the one of the same onset', async () => {
  const incident = (id: string, onset: number, to: number) => ({
    ...{ id, onsetUnixNano: String(BigInt(onset) * 1_000_000_000n) },
    incident: { fromUnixNano: '0', toUnixNano: String(BigInt(to) * 1_000_000_000n) },
  });
  const documents: StoredDocument[] = [incident('a', 1000, 1100), incident('b', 2000, 3000)].map((one) => ({
    ...{ id: one.id, timeUnixNano: BigInt(one.onsetUnixNano) },
    bytes: Buffer.from(JSON.stringify(one)),
  }));
  const seconds = async (onset: bigint) =>
    (await timesOfOthers({ list: async () => documents }, onset)).map(({ fromUnixNano, toUnixNano }) => [
      Number(fromUnixNano / 1_000_000_000n),
      Number(toUnixNano / 1_000_000_000n),
    ]);
  assert.deepEqual(await seconds(-1n), [
    [990, 1240],
    [1990, 3000],
  ]);
  assert.deepEqual(await seconds(1_000_000_000_000n), [[1990, 3000]]);
});
