// How often does a healthy day open an incident, and is a fault at its end found? Emitted services are recorded for some
// minutes; a day is played from that through the collector's own ports, in steps that the detector keeps up with.
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomFrom, serviceMetric } from '../slo/index.ts';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { buildOurs, startOurs } from './collector/ours.ts';
import { type Day, type Kind, kindOf, kinds, planDay, slotSeconds } from './quiet/day.ts';
import { materialOf } from './quiet/material.ts';
import { Player } from './quiet/play.ts';
import { clockOf, faultSlots, type Played, playDay, type Told } from './quiet/play-day.ts';
import { type Run, runsOf } from './quiet/recording.ts';
import { cell, type Table } from './report.ts';

const defaultHours = 24;
const defaultSeed = 20_260_101;
/** A time at which nothing else happened; receivers take what is old. */
const startUnixNano = BigInt(Date.parse('2026-01-15T12:00:00Z')) * 1_000_000n;
const slotNano = BigInt(slotSeconds) * 1_000_000_000n;

async function run(deps: BenchDeps): Promise<Findings<'rca-quiet'>> {
  const hours = deps.settings.hours ?? defaultHours;
  const seed = deps.settings.seed ?? defaultSeed;
  const { recorded, slo } = await materialOf(randomFrom(seed), deps);
  const folder = await buildOurs(deps);
  const sloFile = join(deps.folder, 'slo.json');
  writeFileSync(sloFile, slo);
  const runs = runsOf(recorded, slotSeconds, (name) => name === serviceMetric.requestDuration);
  const day = planDay(hours, randomFrom(seed));
  const player = new Player(day, runs, startUnixNano, randomFrom(seed + 1));
  const config = {
    ...{ clock: 'data', profiles: { enabled: false }, slo: { files: [sloFile] } },
    incidents: { interval: '10ms' },
  };
  const ours = await startOurs(folder, join(deps.folder, 'day'), { config }, deps);
  try {
    return findings(day, hours, runs, await playDay(ours, day, player, deps));
  } finally {
    await ours.stop();
    if (deps.settings.data !== undefined) cpSync(ours.store, join(deps.settings.data, 'day.sqlite'));
  }
}

function findings(day: Day, hours: number, runs: readonly Run[], played: Played): Findings<'rca-quiet'> {
  const { healthy, whys, openedSeconds, namedSeconds, found, cost } = played;
  const named = namedSeconds !== undefined;
  const seconds = hours * 3600;
  return {
    tables: [kindTable(day, healthy), ...(healthy.length > 0 ? [falseTable(day, healthy)] : [])],
    notes: [
      ...whys,
      `Recorded: ${runs.length} stretches of ${slotSeconds} s frames, ${runs.map(({ doing, perSecond, frames }) => `${doing} ${cell(perSecond)}/s x ${frames.length}`).join(', ')}.`,
      `Played: ${played.spans} spans, ${played.logs} log lines and ${played.scrapes} scrapes in ${cell(cost.realSeconds)} s, ${cell(seconds / cost.realSeconds)} times as fast as they were.`,
      `${cost.looks} looks of the detector took ${cell(cost.lookSeconds)} s, ${cell((cost.lookSeconds / seconds) * 100)} % of one core at the most; the whole collector ${cell(cost.cpuSeconds)} s of CPU, ${cell((cost.cpuSeconds / seconds) * 100)} %, and ${cell(cost.rssMB)} MB.`,
      found
        ? `The slow cache: an incident after ${openedSeconds} s, ${named ? `naming it after ${namedSeconds} s` : 'which does not name it'}: "${found.title}" (${found.confidence.tier}). ${found.verdict}`
        : `The slow cache opened no incident within ${faultSlots * slotSeconds} s.`,
    ],
    figures: { hours, falseIncidents: healthy.length, missed: named ? 0 : 1 },
  };
}

function slotOf({ onsetUnixNano }: Told): number {
  return Number((BigInt(onsetUnixNano) - startUnixNano) / slotNano);
}

function kindTable(day: Day, healthy: readonly Told[]): Table {
  const lengths = new Map<Kind, number>();
  for (let slot = 0; slot < day.slots; slot++) {
    const kind = kindOf(day, slot);
    lengths.set(kind, (lengths.get(kind) ?? 0) + slotSeconds / 3600);
  }
  const rows = kinds.map((kind) => {
    const hours = lengths.get(kind) ?? 0;
    const own = healthy.filter((one) => kindOf(day, slotOf(one)) === kind).length;
    return [kind, cell(hours), String(own), hours > 0 ? cell(own / hours) : '-'];
  });
  return { head: ['time', 'hours', 'incidents', 'an hour'], rows };
}

function falseTable(day: Day, healthy: readonly Told[]): Table {
  const rows = healthy.map((one) => [
    clockOf(one.onsetUnixNano),
    kindOf(day, slotOf(one)),
    `${one.service} ${one.method} ${one.route} ${one.signal}`,
    one.confidence.tier,
    one.title,
  ]);
  return { head: ['false incident', 'time', 'symptom', 'confidence', 'title'], rows };
}

export const rcaQuiet: Bench<'rca-quiet'> = {
  question: 'how many incidents does a healthy day open, and is a fault at its end found?',
  run,
};
