import type { CallColumns, SystemRecords } from './records.ts';
import { bySide } from './shift.ts';

/** A change of one thing in one service, and when it began. */
export interface Change {
  service: string;
  /** `rise ERROR cache/client.go:118`, `gap gateway to orders` and the like. */
  about: string;
  onsetUnixNano: bigint;
  /** Log likelihood ratio of a change against none, natural logarithm. */
  strength: number;
}

/** Log likelihood ratio from which a change is told: with some thousand things watched, less comes by chance. */
const ALARM = 12;
/** Nothing is surer than one in fifty: the quiet time is short. */
const LEAST_SHARE = 0.02;
/** Requests of an operation without which its usual shares are not known. */
const LEAST_QUIET = 8;
const LEAST_QUIET_TIMES = 20;
/** What was common may become rarer, what was rare more common: the reverse is a recovery. */
const COMMON = 0.8;
const RARE = 0.2;
/** Quiet time is looked at in slices of this length: what happened in the worst of them is usual, too. */
const SLICE_MS = 60_000;
/** Observations that the share over all quiet time weighs as, beside those of a slice. */
const PRIOR = 4;
/** Of the times above the usual 95th percentile (and a fifth): usually, and when something is wrong. */
const SLOW = { quantile: 0.95, margin: 0.2, usually: 0.06 } as const;

/**
 * When anything began to differ from quiet time (side 0) in the time that is searched (side 1): a Bernoulli CUSUM for
 * each feature of each operation, for own time, for gaps and for calls that nobody answers. Strongest first.
 * Source: E. S. Page, Continuous Inspection Schemes, Biometrika 41 (1954).
 */
export function findChanges(records: SystemRecords): Change[] {
  const watch = new Watch();
  const observations = [
    ...featureObservations(records, watch),
    ...slowEntries(records, watch),
    ...slowCalls(records, records.gaps, watch, 'gap', (callee) => records.services[callee]!),
    ...slowCalls(records, records.leaves, watch, 'call', (callee) => records.operations[callee]!),
  ];
  observations.sort((a, b) => a.atMs - b.atMs);
  for (const { observe, atMs } of observations) observe(atMs);
  return watch.changes();
}

interface Observation {
  atMs: number;
  observe(atMs: number): void;
}

/**
 * CUSUMs by number. Each is two: one against the worst quiet slice, which tells whether there is an alarm, and one against
 * all quiet time, which tells where its rise began.
 */
class Watch {
  readonly #sums: Sum[] = [];
  readonly #numbers = new Map<string, number>();

  number(key: string, service: string, about: () => string): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number =
        this.#sums.push({ service, about: about(), alarm: 0, place: 0, fromMs: 0, most: 0, onsetMs: 0 }) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }

  /** One more observation: did it happen, and how often does it in all quiet time and in the worst of it? */
  add(number: number, atMs: number, happened: boolean, usually: number, atWorst: number): void {
    const one = this.#sums[number]!;
    if (one.place <= 0) one.fromMs = atMs;
    one.place = Math.max(0, one.place + logRatio(happened, usually));
    one.alarm = Math.max(0, one.alarm + logRatio(happened, atWorst));
    if (one.alarm > ALARM && one.alarm > one.most) {
      one.most = one.alarm;
      one.onsetMs = one.fromMs;
    }
  }

  changes(): Change[] {
    return this.#sums
      .filter(({ most }) => most > 0)
      .map(({ service, about, most, onsetMs }) => ({
        ...{ service, about, strength: most },
        onsetUnixNano: BigInt(Math.round(onsetMs * 1e6)),
      }))
      .sort((a, b) => b.strength - a.strength || (a.about < b.about ? -1 : 1));
  }
}

interface Sum {
  service: string;
  about: string;
  alarm: number;
  place: number;
  fromMs: number;
  most: number;
  onsetMs: number;
}

/** Of one observation: half way from what is usual to always, against what is usual. */
function logRatio(happened: boolean, usually: number): number {
  const wrong = (1 + usually) / 2;
  return Math.log(happened ? wrong / usually : (1 - wrong) / (1 - usually));
}

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

function clamped(share: number): number {
  return Math.min(1 - LEAST_SHARE, Math.max(LEAST_SHARE, share));
}

/** What units of one operation had in quiet time, all together and slice by slice. */
class Usual {
  units = 0;
  readonly #had = new Map<number, number>();
  readonly #slices = new Map<number, { units: number; had: Map<number, number> }>();
  readonly #known = new Map<number, { share: number; least: number; most: number }>();

  add(atMs: number, had: ReadonlySet<number>): void {
    this.units++;
    const key = Math.floor(atMs / SLICE_MS);
    const slice = this.#slices.get(key) ?? { units: 0, had: new Map<number, number>() };
    this.#slices.set(key, slice);
    slice.units++;
    for (const feature of had) {
      this.#had.set(feature, (this.#had.get(feature) ?? 0) + 1);
      slice.had.set(feature, (slice.had.get(feature) ?? 0) + 1);
    }
  }

  features(): Iterable<number> {
    return this.#had.keys();
  }

  /** Share of units with a feature over all, and in the slices that had least and most of it. */
  of(feature: number): { share: number; least: number; most: number } {
    let known = this.#known.get(feature);
    if (!known) {
      const share = ((this.#had.get(feature) ?? 0) + 0.5) / (this.units + 1);
      const shares = [...this.#slices.values()].map(
        ({ units, had }) => ((had.get(feature) ?? 0) + PRIOR * share) / (units + PRIOR),
      );
      known = { share, least: Math.min(share, ...shares), most: Math.max(share, ...shares) };
      this.#known.set(feature, known);
    }
    return known;
  }
}

function featureObservations(records: SystemRecords, watch: Watch): Observation[] {
  const { services, operations, features } = records;
  const units = unitsOf(records);
  const usual = new Map<number, Usual>();
  for (const { group, had, atMs } of units.filter(({ side }) => side === 0)) {
    const own = usual.get(group) ?? new Usual();
    usual.set(group, own);
    own.add(atMs, had);
  }
  const observe = ({ group, had }: Unit, atMs: number) => {
    const own = usual.get(group)!;
    const service = services[Math.floor(group / operations.length)]!;
    const told = (verb: string, feature: number) => () => {
      const { kind, name, level } = features[feature]!;
      return `${verb} ${kind} ${level} ${name} in ${operations[group % operations.length]}`.replace(
        / +/g,
        ' ',
      );
    };
    for (const feature of new Set([...own.features(), ...had])) {
      const { share, least, most } = own.of(feature);
      const { isError } = features[feature]!;
      const has = had.has(feature);
      if (share < RARE || isError) {
        const rise = watch.number(`rise ${group} ${feature}`, service, told('rise of', feature));
        watch.add(rise, atMs, has, clamped(share), clamped(most));
      }
      if (share > COMMON && !isError) {
        const fall = watch.number(`fall ${group} ${feature}`, service, told('fall of', feature));
        watch.add(fall, atMs, !has, 1 - clamped(share), 1 - clamped(least));
      }
    }
  };
  return units
    .filter(({ side, group }) => side === 1 && (usual.get(group)?.units ?? 0) >= LEAST_QUIET)
    .map((unit) => ({ atMs: unit.atMs, observe: (atMs) => observe(unit, atMs) }));
}

function slowEntries(records: SystemRecords, watch: Watch): Observation[] {
  const { entries, services, operations } = records;
  const size = operations.length;
  return slow(
    { length: entries.service.length, side: entries.side, startMs: entries.startMs, ms: entries.selfMs },
    (i) => entries.service[i]! * size + entries.operation[i]!,
    (key) =>
      watch.number(
        `self ${key}`,
        services[Math.floor(key / size)]!,
        () => `own time of ${operations[key % size]}`,
      ),
    watch,
  );
}

function slowCalls(
  records: SystemRecords,
  calls: CallColumns,
  watch: Watch,
  kind: 'gap' | 'call',
  calleeName: (callee: number) => string,
): Observation[] {
  const { services } = records;
  const size = Math.max(services.length, records.operations.length);
  const number = (key: number) => {
    const [caller, callee] = [services[Math.floor(key / size)]!, calleeName(key % size)];
    return watch.number(
      `${kind} ${key}`,
      kind === 'gap' ? callee : caller,
      () => `${kind} ${caller} to ${callee}`,
    );
  };
  return slow(
    { length: calls.ms.length, side: calls.side, startMs: calls.startMs, ms: calls.ms },
    (i) => calls.caller[i]! * size + calls.callee[i]!,
    number,
    watch,
  );
}

function slow(
  { length, side, startMs, ms }: { length: number; side: Int8Array; startMs: Float64Array; ms: Float64Array },
  keyOf: (i: number) => number,
  numberOf: (key: number) => number,
  watch: Watch,
): Observation[] {
  const limits = new Map<number, { ms: number; usually: number }>();
  for (const [key, [quiet]] of bySide(length, side, keyOf, (i) => ms[i]!)) {
    if (quiet.length < LEAST_QUIET_TIMES) continue;
    const usual = quiet.sort()[Math.floor(SLOW.quantile * (quiet.length - 1))]!;
    limits.set(key, { ms: usual + Math.max(1, SLOW.margin * usual), usually: SLOW.usually });
  }
  const slices = new Map<string, { key: number; n: number; slow: number }>();
  for (let i = 0; i < length; i++) {
    const limit = limits.get(keyOf(i));
    if (side[i] !== 0 || limit === undefined) continue;
    const name = `${keyOf(i)} ${Math.floor(startMs[i]! / SLICE_MS)}`;
    const slice = slices.get(name) ?? { key: keyOf(i), n: 0, slow: 0 };
    slices.set(name, slice);
    slice.n++;
    if (ms[i]! > limit.ms) slice.slow++;
  }
  for (const slice of slices.values()) {
    const limit = limits.get(slice.key)!;
    limit.usually = Math.max(limit.usually, (slice.slow + PRIOR * SLOW.usually) / (slice.n + PRIOR));
  }
  const observations: Observation[] = [];
  for (let i = 0; i < length; i++) {
    const limit = limits.get(keyOf(i));
    if (side[i] !== 1 || limit === undefined) continue;
    const number = numberOf(keyOf(i));
    observations.push({
      atMs: startMs[i]!,
      observe: (atMs) => watch.add(number, atMs, ms[i]! > limit.ms, SLOW.usually, limit.usually),
    });
  }
  return observations;
}
