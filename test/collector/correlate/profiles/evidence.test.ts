import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { createDetector } from '../../../../collector/correlate/detector.ts';
import { finding } from '../../../../collector/correlate/finding.ts';
import type { Finding, Question } from '../../../../collector/correlate/incident.ts';
import { createProfiler } from '../../../../collector/correlate/profiles/profiler.ts';
import { keepProfiles, type Occasion } from '../../../../collector/correlate/profiles/stored-profiles.ts';
import { summarise } from '../../../../collector/correlate/profiles/summary.ts';
import { profiles } from '../../../../collector/correlate/profiles.ts';
import { newestIncidents } from '../../../../collector/correlate/stored-incidents.ts';
import { joinVerdict } from '../../../../collector/correlate/verdict.ts';
import { recordedProfiles } from '../../../helpers/profiles.ts';
import { scenario, storeOf } from '../../../helpers/scenario.ts';

const SECOND = 1_000_000_000n;
const ONSET = 1_800_000_000n * SECOND;
const QUESTION: Question = {
  ...{ service: 'shop', method: 'GET', route: '/x', signal: 'latency', onsetUnixNano: ONSET, before: [] },
  incident: { fromUnixNano: ONSET, toUnixNano: ONSET + 60n * SECOND },
  baseline: { fromUnixNano: ONSET - 600n * SECOND, toUnixNano: ONSET - 60n * SECOND },
};
const now = summarise('shop-1:8081', recordedProfiles('incident'), 2);
const before = summarise('shop-1:8081', recordedProfiles('quiet'), 2);

interface Kept {
  occasion: Occasion;
  /** Seconds after the onset. */
  at: number;
  instances: (typeof now)[];
  known?: number;
}

function found(t: TestContext, ...sets: Kept[]): Promise<Finding[]> {
  return foundOf(t, QUESTION, sets);
}

async function foundOf(t: TestContext, question: Question, sets: readonly Kept[]): Promise<Finding[]> {
  const store = await storeOf(t, []);
  for (const { at, known = 1, ...set } of sets)
    await keepProfiles(store, { ...set, service: 'shop', takenUnixNano: ONSET + BigInt(at) * SECOND, known });
  return profiles(question, store, { clock: () => ONSET, signal: new AbortController().signal });
}

const quietAt = (at: number, instances = [before]): Kept => ({ occasion: 'quiet', at, instances });
const told = (findings: readonly Finding[]) =>
  findings.map(({ outcome, statement, table }) =>
    [
      `${outcome}: ${statement}`,
      ...(table?.rows.map(({ cells }) => `    ${cells.join(' | ')}`) ?? []),
      ...(table?.caption ? [`    ${table.caption}`] : []),
    ].join('\n'),
  );

test('what grew is told with its numbers, a lock first, each with a table', async (t) => {
  const findings = await found(t, quietAt(-7200), quietAt(-3600), {
    occasion: 'incident',
    at: 20,
    instances: [now],
  });
  t.assert.fileSnapshot(`${told(findings).join('\n\n')}\n`, `${import.meta.dirname}/testdata/grown.txt`, {
    serializers: [String],
  });
  assert.deepEqual(
    findings.map(({ facts }) => facts['function']),
    ['main.holdStock', 'main.holdStock', 'main.burn', 'main.keep'],
  );
  assert.ok(findings.every(({ subject }) => subject.resource === 'shop-1:8081'));
});

test('profiles like the quiet ones are one finding that does not hold, with the figures', async (t) => {
  const [finding, ...others] = await found(t, quietAt(-3600), {
    occasion: 'incident',
    at: 20,
    instances: [before],
  });
  assert.equal(others.length, 0);
  assert.equal(finding?.outcome, 'refuted');
  assert.match(
    finding!.statement,
    /^At \d\d:\d\d:\d\d in shop-1:8081 nothing stands out: CPU 0\.10 cores, before 0\.10 cores at most \(n = 20 samples\); 4 goroutines, before 4 at most; no contended lock was sampled \(there is none, or the service does not call runtime\.SetMutexProfileFraction\); heap \d\.\d MB, before \d\.\d MB at most\.$/,
  );
});

test('without profiles it is not tested, and how to have them is said', async (t) => {
  const [finding] = await found(t, quietAt(-3600));
  assert.equal(finding?.outcome, 'untested');
  assert.match(
    finding!.statement,
    /no profiles of shop were taken in this time.*profiles\.targets.*\/debug\/pprof\//,
  );
});

test('where the time goes into another service, the profiles of that one are told, if there are any', async (t) => {
  const where = { kind: 'where', outcome: 'holds', statement: '', facts: { callee: 'shop' } } as const;
  const question = { ...QUESTION, service: 'front', before: [finding(QUESTION, where)] };
  const [first] = await foundOf(t, question, [
    quietAt(-3600),
    { occasion: 'incident', at: 20, instances: [now] },
  ]);
  assert.equal(first?.outcome, 'holds');
  assert.equal(first?.subject.service, 'shop');
  const [none] = await foundOf(t, question, [quietAt(-3600)]);
  assert.match(none!.statement, /no profiles of front were taken/);
});

test('profiles of another time are not those of this incident', async (t) => {
  const other = (at: number): Kept => ({ occasion: 'incident', at, instances: [now] });
  const [finding] = await found(t, quietAt(-3600), other(-10), other(121));
  assert.match(finding!.statement, /no profiles of shop were taken/);
});

test('of several sets the first one of the incident is told', async (t) => {
  const findings = await found(
    t,
    quietAt(-3600),
    { occasion: 'incident', at: 90, instances: [before] },
    { occasion: 'incident', at: 20, instances: [now] },
  );
  assert.equal(findings[0]?.outcome, 'holds');
});

test('quiet profiles from after the quiet time are no measure, and without any the figures are told', async (t) => {
  const [finding] = await found(t, quietAt(-30), { occasion: 'incident', at: 20, instances: [now] });
  assert.equal(finding?.outcome, 'untested');
  assert.match(
    finding!.statement,
    /no quiet profile from before.* shop-1:8081 had CPU 0\.97 cores, before not measured/,
  );
});

test('of several processes the worst is told, and how many are like it', async (t) => {
  const second = { ...before, instance: 'shop-2:8081' };
  const findings = await found(t, quietAt(-3600, [before, second]), {
    occasion: 'incident',
    at: 20,
    instances: [second, now],
    known: 5,
  });
  assert.equal(findings[0]?.subject.resource, 'shop-1:8081');
  assert.match(findings[0]!.statement, /Seen in 1 of 2 profiled instances \(5 are known\)\.$/);
});

test('a process that is new is compared with the others', async (t) => {
  const fresh = { ...now, instance: 'shop-9:8081' };
  const findings = await found(t, quietAt(-3600), { occasion: 'incident', at: 20, instances: [fresh] });
  assert.equal(findings[0]?.outcome, 'holds');
});

test('profiles that could not be taken are not tested, with the reason', async (t) => {
  const missed = [
    { kind: 'goroutine' as const, message: 'http://shop-1:8081/debug/pprof/goroutine answered 404, not 200' },
  ];
  const nothing = { instance: 'shop-1:8081', missed };
  const [finding] = await found(t, quietAt(-3600), { occasion: 'incident', at: 20, instances: [nothing] });
  assert.match(finding!.statement, /could not be taken \(shop-1:8081: .* answered 404, not 200\)\.$/);
});

test('a detector has profiles taken as an incident opens, and explains it with them afterwards', async (t) => {
  const made = scenario({
    ...{ quietSeconds: 120, faultSeconds: 60, fault: 'slow-handler' },
    without: ['traces', 'logs'],
  });
  const store = await storeOf(t, made.batches);
  let time = made.startUnixNano;
  await keepProfiles(store, {
    ...{ service: 'shop', occasion: 'quiet', takenUnixNano: time, known: 1, instances: [before] },
  });
  const profiler = createProfiler(
    { seconds: 10, quietAfter: 300, quietEvery: 3600, incidentEvery: 600 },
    {
      ...{ store, clock: () => time, taken: () => {}, missed: () => {}, warn: () => {} },
      targets: () => [{ service: 'shop', instance: 'shop-1:8081', url: 'http://shop-1:8081' }],
      take: async () => recordedProfiles('incident'),
    },
  );
  const seen: string[] = [];
  const detector = createDetector(store, {
    clock: () => time,
    timeout: () => new AbortController().signal,
    observe: (incident, what) => {
      seen.push(`${incident.service} ${what}`);
      profiler.observe(incident, what);
    },
  });
  for (const afterSeconds of [35n, 55n]) {
    time = made.faultUnixNano + afterSeconds * SECOND;
    await detector.tick();
    await profiler.idle();
  }
  const [incident] = (await newestIncidents(store)).incidents;
  const [finding] = incident!.findings.filter(({ kind }) => kind === 'profiles');
  assert.deepEqual([seen, finding?.outcome], [['shop opened'], 'holds']);
});

test('when the time is spent in own code, the profiles say what to look at first', async (t) => {
  const [lock] = await found(t, quietAt(-3600), { occasion: 'incident', at: 20, instances: [now] });
  const holds = { outcome: 'holds', statement: '' } as const;
  const findings = [
    finding(QUESTION, { kind: 'symptom', ...holds }),
    finding(QUESTION, { kind: 'where', ...holds, facts: { label: '', nowMs: 900, beforeMs: 10 } }),
  ];
  const of = (all: Finding[]) => joinVerdict(QUESTION, all).tryFirst;
  assert.match(of(findings), /^Take a CPU and a goroutine profile of shop/);
  assert.equal(
    of([...findings, lock!]),
    'Look at main.holdStock, where 20 goroutines stand in sync.Mutex.Lock, 0 before.',
  );
});
