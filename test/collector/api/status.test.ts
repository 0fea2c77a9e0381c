import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import type { StatusBody } from '../../../collector/api/types.ts';
import { validateConfig } from '../../../collector/config.ts';
import { run } from '../../../collector/main.ts';
import { systemClock } from '../../../collector/telemetry/clock.ts';
import { folderOf, sendSpans, spansJson } from '../../helpers/collector.ts';
import { until } from '../../helpers/until.ts';

const second = 1_000_000_000n;

async function started(t: TestContext, incidents: object) {
  const folder = folderOf(t);
  const { config } = validateConfig({
    listen: { otlpHttpPort: 0, otlpGrpcPort: 0, apiPort: 0 },
    store: { path: join(folder, 'telemetry.sqlite') },
    clock: 'data',
    incidents,
  });
  const log = pino({ level: 'silent' });
  const outside = { clock: systemClock, log, version: 'test', consoleDir: folder, baseDir: folder };
  const { apiPort, otlpHttpPort, stop } = await run(config!, outside);
  t.after(stop);
  const status = async () => {
    const response = await fetch(`http://127.0.0.1:${apiPort}/api/v1/status`);
    return (await response.json()) as StatusBody;
  };
  return { otlpHttpPort, status };
}

test('the status tells up to which time of telemetry the detector looked', async (t) => {
  const { otlpHttpPort, status } = await started(t, { interval: '5ms' });
  await sendSpans(otlpHttpPort, spansJson(1_700_000_000_000));
  const newest = 1_700_000_000n * second + second / 100n;
  const detector = await until('a look at the spans', 5_000, async () => {
    const told = (await status()).detector;
    return told?.lookedUnixNano === String(newest) ? told : undefined;
  });
  assert.ok(detector.looks >= 1 && detector.seconds > 0);
});

test('without incidents the status tells of no detector', async (t) => {
  const { status } = await started(t, { enabled: false });
  assert.equal((await status()).detector, undefined);
});
