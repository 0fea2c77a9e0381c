// Plays a day into a collector, in steps that its detector keeps up with, then a fault; and asks what came of it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Incident, IncidentsBody, StatusBody } from '../../collector/api/types.ts';
import { httpPath } from '../../slo/index.ts';
import type { BenchDeps } from '../bench.ts';
import type { Ours } from '../collector/ours.ts';
import { cpuSeconds, residentMB } from '../collector/process-cost.ts';
import { type Day, slotSeconds } from './day.ts';
import type { Player } from './play.ts';
import type { Slot } from './slot.ts';

/** So long the fault lasts at the most, and how long it is waited for. */
export const faultSlots = 300 / slotSeconds;
const lookedWithinMs = 60_000;
const askAgainMs = 5;
/** False incidents that are told with their reasons. */
const explained = 20;
/** An onset may be told this long before the fault. */
const earlyNano = 30_000_000_000n;
const cacheName = /redis/i;

/** An incident as the list tells it. */
export type Told = IncidentsBody['incidents'][number];

export interface Played {
  spans: number;
  logs: number;
  scrapes: number;
  healthy: Told[];
  /** Of the first of them, what the detector saw and what was made of it. */
  whys: string[];
  /** Seconds from the fault's begin to what happened; undefined when it did not. */
  openedSeconds: number | undefined;
  namedSeconds: number | undefined;
  found: Told | undefined;
  cost: Cost;
}

interface Cost {
  looks: number;
  lookSeconds: number;
  cpuSeconds: number;
  rssMB: number;
  realSeconds: number;
}

async function get<T>(ours: Ours, path: string): Promise<T> {
  const response = await fetch(ours.api + path);
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

async function post(ours: Ours, path: string, body: Uint8Array | undefined): Promise<void> {
  if (body === undefined) return;
  const headers = { 'content-type': 'application/x-protobuf' };
  const response = await fetch(`http://${ours.otlp}${path}`, { method: 'POST', headers, body });
  const answer = await response.arrayBuffer();
  if (!response.ok) throw new Error(`${path} was refused with ${response.status}: ${Buffer.from(answer)}`);
}

/** Sends a slot, and waits until the detector looked at all of it. */
async function take(ours: Ours, slot: Slot, signal: AbortSignal): Promise<void> {
  await Promise.all([
    post(ours, httpPath.otlpTraces, slot.traces),
    post(ours, httpPath.otlpLogs, slot.logs),
    post(ours, httpPath.otlpMetrics, slot.metrics),
  ]);
  const { newestUnixNano } = slot;
  if (newestUnixNano === undefined) return;
  const deadline = performance.now() + lookedWithinMs;
  while (performance.now() < deadline) {
    const { detector } = await get<StatusBody>(ours, '/api/v1/status');
    if (BigInt(detector?.lookedUnixNano ?? 0) >= newestUnixNano) return;
    await sleep(askAgainMs, undefined, { signal });
  }
  throw new Error(`the detector did not look within ${lookedWithinMs / 1000} s`);
}

async function incidentsOf(ours: Ours): Promise<Told[]> {
  return (await get<IncidentsBody>(ours, '/api/v1/incidents')).incidents;
}

/** Plays the day, then the fault until it is explained. */
export async function playDay(ours: Ours, day: Day, player: Player, deps: BenchDeps): Promise<Played> {
  const sent = { spans: 0, logs: 0, scrapes: 0 };
  let ahead: Slot | undefined;
  const step = async (slot: number) => {
    deps.signal.throwIfAborted();
    const told = ahead ?? player.play(slot, slot >= day.slots);
    const taken = take(ours, told, deps.signal);
    // The collector works on one slot while the next is made.
    ahead = player.play(slot + 1, slot + 1 >= day.slots);
    await taken;
    for (const what of ['spans', 'logs', 'scrapes'] as const) sent[what] += told.records[what];
  };
  const began = performance.now();
  for (let slot = 0; slot < day.slots; slot++) {
    if (slot % (3600 / slotSeconds) === 0)
      deps.tell(`hour ${(slot * slotSeconds) / 3600} of ${(day.slots * slotSeconds) / 3600}`);
    await step(slot);
  }
  const cost = await costOf(ours, (performance.now() - began) / 1000);
  const healthy = await incidentsOf(ours);
  const whys = await Promise.all(healthy.slice(0, explained).map((one) => whyOf(ours, one)));
  deps.tell('the cache becomes slow');
  const fault = player.timeOf(day.slots);
  let [opened, named]: (number | undefined)[] = [];
  let found: Told | undefined;
  for (let slot = 0; slot < faultSlots && named === undefined; slot++) {
    await step(day.slots + slot);
    const since = (await incidentsOf(ours)).filter((one) => BigInt(one.onsetUnixNano) >= fault - earlyNano);
    const naming = since.find(({ title }) => cacheName.test(title));
    found = naming ?? since.at(-1);
    const seconds = (slot + 1) * slotSeconds;
    if (found) opened ??= seconds;
    if (naming) named = seconds;
  }
  return { ...sent, healthy, whys, openedSeconds: opened, namedSeconds: named, found, cost };
}

async function whyOf(ours: Ours, { id, verdict, onsetUnixNano }: Told): Promise<string> {
  const { findings } = await get<Incident>(ours, `/api/v1/incidents/${id}`);
  const symptom = findings.find(({ kind }) => kind === 'symptom')?.statement ?? 'no symptom is told';
  return `False at ${clockOf(onsetUnixNano)}: ${symptom} ${verdict}`;
}

/** Time of day, from decimal nanoseconds. */
export function clockOf(unixNano: string): string {
  return new Date(Number(BigInt(unixNano) / 1_000_000n)).toISOString().slice(11, 19);
}

async function costOf(ours: Ours, realSeconds: number): Promise<Cost> {
  const { detector } = await get<StatusBody>(ours, '/api/v1/status');
  return {
    looks: detector?.looks ?? 0,
    lookSeconds: detector?.seconds ?? 0,
    cpuSeconds: cpuSeconds(ours.pid),
    rssMB: residentMB(ours.pid, 'VmHWM'),
    realSeconds,
  };
}
