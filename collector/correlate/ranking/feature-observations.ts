import type { Observation, Watch } from './cusum.ts';
import type { Feature, SystemRecords } from './records.ts';
import { UsualShares } from './usual-shares.ts';

/** Nothing is surer than one in fifty: the quiet time is short. */
const LEAST_SHARE = 0.02;
/** Requests of an operation without which its usual shares are not known. */
const LEAST_QUIET = 8;
/** What was common may become rarer, what was rare more common: the reverse is a recovery. */
const COMMON = 0.8;
const RARE = 0.2;

/** One trace of one operation: when its first entry began, and what any of its entries had. */
interface Unit {
  group: number;
  side: number;
  atMs: number;
  had: Set<number>;
}

function unitsOf({ entries, operations, had }: SystemRecords): Unit[] {
  const units = new Map<string, Unit>();
  const unitOf: (Unit | undefined)[] = [];
  for (let i = 0; i < entries.service.length; i++) {
    const side = entries.side[i]!;
    if (side < 0) continue;
    const group = entries.service[i]! * operations.length + entries.operation[i]!;
    const key = `${group} ${entries.trace[i]} ${side}`;
    const unit = units.get(key) ?? { group, side, atMs: entries.startMs[i]!, had: new Set() };
    unit.atMs = Math.min(unit.atMs, entries.startMs[i]!);
    units.set(key, unit);
    unitOf[i] = unit;
  }
  for (let n = 0; n < had.entry.length; n++) unitOf[had.entry[n]!]?.had.add(had.feature[n]!);
  return [...units.values()];
}

/** What requests had: of each operation with enough quiet time, features that came and features that went. */
export function featureObservations(records: SystemRecords, watch: Watch): Observation[] {
  const units = unitsOf(records);
  const usual = usualOf(units);
  const observe = (unit: Unit, atMs: number) => {
    const own = usual.get(unit.group)!;
    for (const feature of new Set([...own.features(), ...unit.had]))
      observeFeature(records, watch, own, unit, feature, atMs);
  };
  return units
    .filter(({ side, group }) => side === 1 && (usual.get(group)?.units ?? 0) >= LEAST_QUIET)
    .map((unit) => ({ atMs: unit.atMs, observe: (atMs) => observe(unit, atMs) }));
}

function usualOf(units: readonly Unit[]): Map<number, UsualShares> {
  const usual = new Map<number, UsualShares>();
  for (const { group, had, atMs, side } of units) {
    if (side !== 0) continue;
    const own = usual.get(group) ?? new UsualShares();
    usual.set(group, own);
    own.add(atMs, had);
  }
  return usual;
}

function observeFeature(
  { services, operations, features }: SystemRecords,
  watch: Watch,
  own: UsualShares,
  { group, had }: Unit,
  number: number,
  atMs: number,
): void {
  const { share, least, most } = own.of(number);
  const feature = features[number]!;
  const sumOf = (verb: 'rise' | 'fall') =>
    watch.number(`${verb} ${group} ${number}`, services[Math.floor(group / operations.length)]!, () =>
      told(verb, feature, operations[group % operations.length]!),
    );
  const has = had.has(number);
  if (share < RARE || feature.isError) watch.add(sumOf('rise'), atMs, has, clamped(share), clamped(most));
  if (share > COMMON && !feature.isError)
    watch.add(sumOf('fall'), atMs, !has, 1 - clamped(share), 1 - clamped(least));
}

function told(verb: string, { kind, name, level }: Feature, operation: string): string {
  return `${verb} of ${kind} ${level} ${name} in ${operation}`.replace(/ +/g, ' ');
}

function clamped(share: number): number {
  return Math.min(1 - LEAST_SHARE, Math.max(LEAST_SHARE, share));
}
