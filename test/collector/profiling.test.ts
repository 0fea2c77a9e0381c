import assert from 'node:assert/strict';
import test from 'node:test';
import { validateConfig } from '../../collector/config.ts';
import { profileSets } from '../../collector/correlate/profiles/stored-profiles.ts';
import { Intake } from '../../collector/own/intake.ts';
import { createOwnMetrics } from '../../collector/own/metrics.ts';
import { StoreTraffic } from '../../collector/own/store-traffic.ts';
import { Tally } from '../../collector/own/tally.ts';
import { createProfiling, profileTargets } from '../../collector/profiling.ts';
import { recordedAnswers, servedProfiles } from '../helpers/profiles.ts';
import { storeOf } from '../helpers/scenario.ts';

const profilesOf = (profiles: unknown) => validateConfig({ profiles });
const of = (profiles: unknown) => profilesOf(profiles).config!.profiles;
const scraped = [
  { job: 'shop', url: 'http://shop:8081/metrics' },
  { job: 'shop', url: 'http://shop:8081/metrics?part=2' },
  { job: 'cart', url: 'https://cart:9000/own/metrics' },
  { job: 'go-sre-collector', url: 'http://localhost:4319/metrics' },
];

test('the processes that are scraped are asked for profiles on the same port, each once, the collector never', () => {
  assert.deepEqual(profileTargets(of({}), scraped), [
    { service: 'shop', instance: 'shop:8081', url: 'http://shop:8081' },
    { service: 'cart', instance: 'cart:9000', url: 'https://cart:9000' },
  ]);
  assert.deepEqual(profileTargets(of({ fromScrape: false }), scraped), []);
});

test('a service whose processes are configured is not looked for elsewhere', () => {
  const targets = [
    { service: 'shop', address: 'shop:6060' },
    { service: 'pay', address: 'https://pay:6060/x' },
  ];
  assert.deepEqual(
    profileTargets(of({ targets }), scraped).map(({ service, url }) => `${service} ${url}`),
    ['shop http://shop:6060', 'pay https://pay:6060', 'cart https://cart:9000'],
  );
});

test('profiles without a service, at no address, or over an hour of CPU are refused with their path', () => {
  const problem = (profiles: unknown) =>
    profilesOf(profiles).problems?.map(({ path, message }) => `${path} ${message}`);
  assert.deepEqual(problem({ targets: [{ address: 'shop:6060' }] }), [
    'profiles.targets[0].service is missing',
  ]);
  assert.match(
    problem({ targets: [{ service: 'a', address: 'http://' }] })![0]!,
    /^profiles\.targets\[0\]\.address must be host:port/,
  );
  assert.deepEqual(problem({ duration: '1h' }), ['profiles.duration must be 1s to 60s']);
  assert.match(problem({ quietEvry: '1h' })![0]!, /did you mean quietEvery\?/);
});

test('nothing is asked for when profiles or incidents are switched off', () => {
  const deps = {
    ...{ store: { put: async () => {}, list: async () => [] }, clock: () => 0n, fetch, scraped: () => [] },
    ...{ taken: () => {}, missed: () => {}, warn: () => {} },
  };
  const made = (config: unknown) => createProfiling(validateConfig(config).config!, deps);
  assert.ok(made({}));
  assert.equal(made({ profiles: { enabled: false } }), undefined);
  assert.equal(made({ incidents: { enabled: false } }), undefined);
});

test('an incident of a scraped service has its profiles fetched and kept', async (t) => {
  const { target } = await servedProfiles(t, {}, recordedAnswers(10));
  const store = await storeOf(t, []);
  const taken: string[] = [];
  const profiling = createProfiling(validateConfig({}).config!, {
    ...{ store, clock: () => 7n, fetch, missed: () => {}, warn: () => {} },
    scraped: () => [{ job: 'shop', url: `${target.url}/metrics` }],
    taken: (kind) => taken.push(kind),
  })!;
  profiling.observe({ service: 'shop' }, 'opened');
  await profiling.idle();
  assert.deepEqual(taken.sort(), ['block', 'cpu', 'goroutine', 'heap', 'mutex']);
  const [set] = await profileSets(store, 'shop', 'incident');
  assert.deepEqual([set?.takenUnixNano, set?.instances[0]?.instance], [7n, target.instance]);
  assert.equal(set?.instances[0]?.goroutine?.groups[0]?.place, 'main.holdStock');
});

test('profiles taken and missed are metrics of the collector', async () => {
  const clock = () => 0n;
  const profiles = { taken: new Tally(), missed: new Tally() };
  profiles.taken.add('cpu');
  profiles.missed.add('too-often');
  const none = { records: 0, bytes: 0 };
  const { metrics } = createOwnMetrics({
    ...{ intake: new Intake(clock), redacted: new Tally(), traffic: new StoreTraffic(() => 0), profiles },
    ...{ limits: { storeBytes: 1, retentionSeconds: 1 } },
    status: async () => ({
      ...{ bytes: 0, services: [], oldestByService: [], evictions: [] },
      signals: { traces: none, logs: none, metrics: none },
    }),
  });
  const lines = (await metrics()).split('\n').filter((line) => line.startsWith('otelcol_profiles'));
  assert.deepEqual(lines, [
    'otelcol_profiles_taken_total{kind="cpu"} 1',
    'otelcol_profiles_missed_total{reason="too-often"} 1',
  ]);
});
