import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ApiDeps, ApiRequest } from '../../../collector/api/deps.ts';
import { getStatus } from '../../../collector/api/status.ts';
import type { StatusBody } from '../../../collector/api/types.ts';
import { Intake } from '../../../collector/own/intake.ts';
import { storeOf } from '../../helpers/scenario.ts';

const NOW = 1_790_000_000_000_000_000n;

async function statusOf(t: TestContext, looks: ApiDeps['looks']): Promise<StatusBody> {
  const clock = () => NOW;
  const deps = {
    ...{ store: await storeOf(t, []), clock, intake: new Intake(clock), looks, version: 'test' },
    ...{ startedUnixNano: NOW, limits: { storeBytes: 1, retentionSeconds: 1 } },
    ...{ targets: () => [], discoveries: () => [] },
  } satisfies Partial<ApiDeps>;
  return (await getStatus({} as ApiRequest, deps as unknown as ApiDeps)) as StatusBody;
}

test('the status tells up to which time of telemetry the detector looked, and what that took', async (t) => {
  const { detector } = await statusOf(t, () => ({ looks: 3, seconds: 0.5, lookedUnixNano: NOW - 7n }));
  assert.deepEqual(detector, { looks: 3, seconds: 0.5, lookedUnixNano: '1789999999999999993' });
});

test('before its first look the detector has looked at nothing', async (t) => {
  const { detector } = await statusOf(t, () => ({ looks: 0, seconds: 0, lookedUnixNano: undefined }));
  assert.deepEqual(detector, { looks: 0, seconds: 0 });
});

test('without incidents the status tells of no detector', async (t) => {
  assert.ok(!('detector' in (await statusOf(t, undefined))));
});
