import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rank, type Suspect, tierOf } from '../../../../collector/correlate/ranking/rank.ts';
import { rankRecords } from '../../../../collector/correlate/ranking/ranking.ts';
import { randomFrom, shuffled } from '../../../helpers/random.ts';
import {
  FAULTS,
  recordsOf,
  type SmallSystem,
  type SystemFault,
  smallSystem,
  windowsIn,
} from '../../../helpers/small-system.ts';

function ranked(system: SmallSystem, reading = {}): Suspect[] {
  return rankRecords(recordsOf(system, reading), windowsIn(system), []);
}

function tierOfSystem(system: SmallSystem) {
  return tierOf(ranked(system), windowsIn(system).before).tier;
}

const faults = Object.entries(FAULTS) as [SystemFault, string][];
/** One of each kind of record: lines with and without a place in the code, times, calls. */
const some = ['vanished line', 'new users refused', 'slow hop', 'missing call'] as const;
/** What a ranking says, without what depends on which of several equal examples came first. */
const verdict = (suspects: readonly Suspect[]) =>
  suspects.map(({ service, score, evidence }) => [
    service,
    score.toFixed(9),
    evidence.map(({ family, about, statement }) => [family, about, statement]),
  ]);

const FAMILIES: Partial<Record<SystemFault, string>> = {
  'vanished line': 'logs',
  'error line': 'logs',
  'new users refused': 'logs',
  'slow hop': 'network',
  'slow code': 'self-time',
  'slow cache': 'dependency',
  'missing call': 'calls',
  failure: 'failures',
};

for (const [fault, service] of faults) {
  test(`of a fault "${fault}" the service where it is comes first, by evidence of its kind with numbers`, () => {
    const [first, second] = ranked(smallSystem({ fault, seed: 3 }));
    assert.equal(first?.service, service);
    assert.ok(first.score >= 1);
    assert.ok(first.score > 1.5 * (second?.score ?? 0));
    const [evidence] = first.evidence;
    assert.equal(evidence!.family, FAMILIES[fault]);
    assert.match(evidence!.statement, /\d.* before .*\d/);
  });
}

test('lines with a new word each are one evidence, told by their template', () => {
  const evidence = ranked(smallSystem({ fault: 'new users refused' }))[0]?.evidence[0];
  assert.ok(evidence);
  assert.equal(evidence.about, 'user <*> not found');
  assert.match(
    evidence.statement,
    /^POST \/pay writes WARN "user <\*> not found" in \d\d\.\d % of 69 traces, before in 0 % of 126\.$/,
  );
});

test('where nothing changed the evidence is insufficient, for every seed', () => {
  for (let seed = 1; seed <= 5; seed++) {
    assert.equal(tierOfSystem(smallSystem({ seed })), 'insufficient evidence', `${seed}`);
  }
});

test('neither the order of arrival, nor what arrived twice, nor reading in parts changes a verdict', () => {
  for (const fault of some) {
    const system = smallSystem({ fault });
    const told = verdict(ranked(system));
    const random = randomFrom(7);
    const mixed = {
      ...system,
      spans: shuffled(system.spans, random),
      logs: shuffled([...system.logs, ...system.logs], random),
    };
    assert.deepEqual(verdict(ranked(mixed, { page: 700 })), told, fault);
    const twice = { ...system, spans: system.spans.flatMap((span) => [span, span]) };
    assert.deepEqual(verdict(ranked(twice, { parts: 7 })), told, `${fault}, in parts`);
  }
});

test("one sender's clock that is wrong by up to 10 s changes no first service", () => {
  const skews = [{ orders: 10_000 }, { stock: -10_000 }, { payments: 7300 }, { gateway: -4000 }];
  for (const [i, [fault, service]] of faults.entries()) {
    const skewMs = skews[i % skews.length]!;
    const [first] = ranked(smallSystem({ fault, skewMs }));
    assert.equal(first?.service, service, `${fault}, ${JSON.stringify(skewMs)}`);
    assert.ok(first.score >= 1);
  }
});

test('a wrong clock alone is no fault', () => {
  for (const ms of [-10_000, 10_000]) {
    const system = smallSystem({ skewMs: { stock: ms, payments: -ms / 2 } });
    assert.equal(tierOfSystem(system), 'insufficient evidence', `${ms} ms`);
  }
});

test('without log lines, faults of time, calls and failures are found all the same', () => {
  for (const [fault, service] of faults.filter(([one]) => FAMILIES[one] !== 'logs')) {
    assert.equal(ranked(smallSystem({ fault, without: ['logs'] }))[0]?.service, service, fault);
  }
  for (const fault of ['vanished line', 'error line'] as const)
    assert.equal(tierOfSystem(smallSystem({ fault, without: ['logs'] })), 'insufficient evidence');
});

for (const without of ['log trace ids', 'traces'] as const) {
  test(`without ${without}, lines are joined by service and time, and never of the highest tier`, () => {
    for (const fault of ['vanished line', 'error line', 'new users refused'] as const) {
      const suspects = ranked(smallSystem({ fault, without: [without], requestsPerSecond: 1 }));
      assert.equal(suspects[0]?.service, FAULTS[fault], fault);
      const [evidence] = suspects[0].evidence;
      assert.equal(evidence?.family, 'log-rate');
      assert.match(evidence.statement, /joined by service and time\.$/);
      assert.ok(suspects[0].score >= 1 && suspects[0].score < 2, `${fault} ${suspects[0].score}`);
      assert.notEqual(tierOf(suspects, 5).tier, 'high');
    }
  });
}

test('nothing at all ranks nobody and says so', () => {
  assert.deepEqual(rank([]), []);
  assert.deepEqual(tierOf([], 9), { tier: 'insufficient evidence', reason: 'nothing changed.' });
});
