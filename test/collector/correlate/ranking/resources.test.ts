import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../../../../collector/correlate/ranking/resources.ts';
import { label, serviceMetric } from '../../../../slo/index.ts';
import { storeOf } from '../../../helpers/scenario.ts';
import { type PlainSample, sampleBatch } from '../../../helpers/telemetry.ts';

const SECOND = 1_000_000_000n;
const START = 1_700_000_040n * SECOND;
const ONSET = START + 600n * SECOND;
const END = ONSET + 150n * SECOND;
const signal = new AbortController().signal;

/** Ten minutes in which an instance takes 17 millicores, then as many as are told; `cores` it may use, when it says so. */
function samples(millicores: number, cores: number | undefined): PlainSample[] {
  const labels = { [label.job]: 'shop', [label.instance]: 'shop-1' };
  const counter = {
    ...{ name: serviceMetric.cpuSeconds, labels, kind: 'counter' as const },
    ...{ temporality: 'cumulative' as const },
  };
  const gauge = {
    ...{ name: serviceMetric.maxProcs, labels, kind: 'gauge' as const },
    ...{ temporality: 'none' as const },
  };
  const all: PlainSample[] = [];
  let value = 3;
  for (let time = START; time < END; time += 15n * SECOND) {
    value += (15 * (time > ONSET ? millicores : 17)) / 1000;
    all.push({ series: counter, time, value });
    if (cores !== undefined) all.push({ series: gauge, time, value: cores });
  }
  return all;
}

async function strengthOf(t: Parameters<typeof storeOf>[0], millicores: number, cores?: number) {
  const store = await storeOf(t, [sampleBatch(samples(millicores, cores))]);
  const incident = { fromUnixNano: ONSET, toUnixNano: END };
  const { suspicions, instances } = await resources(store, { incident }, [], { signal });
  assert.equal(instances, 1);
  return suspicions[0]?.strength ?? 0;
}

test('a few millicores more are noise to a process that says how many cores it may use, and a core more is not', async (t) => {
  assert.equal(await strengthOf(t, 40, 2), 0);
  assert.ok((await strengthOf(t, 900, 2)) > 20);
  assert.ok((await strengthOf(t, 40)) > 6);
});
