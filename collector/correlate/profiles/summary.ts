import {
  framesOf,
  type Profile,
  type ProfileKind,
  type ProfileSample,
  type TakenProfiles,
} from '../../formats/pprof/profile.ts';
import { placesIn, shortName, waitReasonOf, waitsAt } from './frames.ts';

/** Functions that one summary keeps, and groups of goroutines; the largest. */
const MAX_FUNCTIONS = 300;
const MAX_GROUPS = 100;
/** Calls of a stack that are shown. */
const STACK_SHOWN = 12;

/** What one function takes of a profile: samples of CPU, bytes of heap, nanoseconds of waiting. */
export interface FunctionUse {
  name: string;
  /** In the function itself. */
  self: number;
  /** In it and in all that it calls. */
  total: number;
  /**
   * What is compared: `total` of the service's own code; of what stands for it in stacks that have none, their part;
   * 0 of everything else.
   */
  here: number;
  /** The place that called it most; '' when none did. */
  caller: string;
}

/** A profile by function. */
export interface ProfileUse {
  sum: number;
  /** Seconds over which it was taken; 0 for what is as it is at a moment. */
  seconds: number;
  /** What it was counted from: CPU samples, contentions, or as many heap samples as the bytes stand for. */
  n: number;
  /** What stands between two samples: 10^7 ns of CPU, 512 KiB of heap. */
  period: number;
  functions: FunctionUse[];
  /** The largest `here` that was left out. */
  cut: number;
}

/** Goroutines that wait for the same at the same place. */
export interface GoroutineGroup {
  reason: string;
  /** The innermost call of the service's own code. */
  place: string;
  /** Is there own code at all? */
  isOwn: boolean;
  /** The call that waits. */
  at: string;
  count: number;
  /** Short names, from the leaf. */
  stack: string[];
}

export interface GoroutineUse {
  sum: number;
  groups: GoroutineGroup[];
  cut: number;
}

/** The profiles of one process, as they are kept. */
export interface InstanceProfiles {
  /** host:port */
  instance: string;
  goroutine?: GoroutineUse;
  cpu?: ProfileUse;
  heap?: ProfileUse;
  mutex?: ProfileUse;
  block?: ProfileUse;
  missed: { kind: ProfileKind; message: string }[];
}

/** Which value of a profile is summed, and which one counts what it was made of, by type and unit. */
const VALUES = {
  cpu: { value: 'samples/count', count: 'samples/count' },
  heap: { value: 'inuse_space/bytes', count: '' },
  mutex: { value: 'delay/nanoseconds', count: 'contentions/count' },
  block: { value: 'delay/nanoseconds', count: 'contentions/count' },
} as const satisfies Partial<Record<ProfileKind, { value: string; count: string }>>;

/** Sums up what was taken of one process; `seconds` is how long CPU and waits were looked at. */
export function summarise(instance: string, taken: TakenProfiles, seconds: number): InstanceProfiles {
  const { goroutine, ...others } = taken.profiles;
  const summary: InstanceProfiles = {
    instance,
    missed: taken.missed.map(({ kind, message }) => ({ kind, message })),
  };
  if (goroutine) summary.goroutine = goroutineUse(goroutine);
  for (const kind of ['cpu', 'heap', 'mutex', 'block'] as const) {
    const profile = others[kind];
    const use = profile && profileUse(profile, kind, kind === 'heap' ? 0 : seconds);
    if (use) summary[kind] = use;
    else if (profile) summary.missed.push({ kind, message: `it has no ${VALUES[kind].value}` });
  }
  return summary;
}

function profileUse(profile: Profile, kind: keyof typeof VALUES, seconds: number): ProfileUse | undefined {
  const column = (name: string) =>
    profile.sampleTypes.findIndex(({ type, unit }) => `${type}/${unit}` === name);
  const at = column(VALUES[kind].value);
  if (at < 0) return undefined;
  const counted = column(VALUES[kind].count);
  const samples = profile.samples.filter(({ values }) => values[at]! > 0);
  const sum = sumOf(samples, at);
  const n = counted >= 0 ? sumOf(samples, counted) : Math.round(sum / Math.max(1, profile.period));
  const took = seconds > 0 && profile.durationNano > 0n ? Number(profile.durationNano) / 1e9 : seconds;
  return { sum, seconds: took, n, period: profile.period, ...largest(functionsOf(samples, at)) };
}

function sumOf(samples: readonly ProfileSample[], at: number): number {
  return samples.reduce((sum, { values }) => sum + values[at]!, 0);
}

function functionsOf(samples: readonly ProfileSample[], at: number): FunctionUse[] {
  const uses = new Map<string, FunctionUse>();
  const callers = new Map<string, Map<string, number>>();
  const { of: placesOf } = placesIn();
  const useOf = (name: string) =>
    entryOf(uses, name, () => ({ name, self: 0, total: 0, here: 0, caller: '' }));
  for (const sample of samples) {
    const value = sample.values[at]!;
    const frames = framesOf(sample);
    if (frames[0]) useOf(frames[0].name).self += value;
    // A recursive function has a value once.
    for (const name of new Set(frames.map(({ name }) => name))) useOf(name).total += value;
    const places = placesOf(frames);
    for (const [i, place] of places.entries()) {
      useOf(place).here += value;
      const caller = places[i + 1] ?? '';
      const called = entryOf(callers, place, () => new Map<string, number>());
      called.set(caller, (called.get(caller) ?? 0) + value);
    }
  }
  for (const [place, called] of callers) useOf(place).caller = heaviest(called);
  return [...uses.values()];
}

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  let found = map.get(key);
  if (found === undefined) {
    found = make();
    map.set(key, found);
  }
  return found;
}

function heaviest(weights: ReadonlyMap<string, number>): string {
  return [...weights].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

function largest(uses: readonly FunctionUse[]): Pick<ProfileUse, 'functions' | 'cut'> {
  const sorted = uses.toSorted(
    (a, b) => b.here - a.here || b.total - a.total || b.self - a.self || (a.name < b.name ? -1 : 1),
  );
  return { functions: sorted.slice(0, MAX_FUNCTIONS), cut: sorted[MAX_FUNCTIONS]?.here ?? 0 };
}

function goroutineUse(profile: Profile): GoroutineUse {
  const groups = new Map<string, GoroutineGroup & { most: number }>();
  const places = placesIn();
  for (const sample of profile.samples) {
    const count = sample.values[0]!;
    const frames = framesOf(sample);
    const at = { reason: waitReasonOf(frames), place: places.of(frames)[0]!, at: waitsAt(frames) };
    const of = { ...at, isOwn: places.hasOwn(frames) };
    const key = groupKey(of);
    const group = groups.get(key) ?? { ...of, count: 0, stack: [], most: 0 };
    groups.set(key, group);
    group.count += count;
    if (count <= group.most) continue;
    group.most = count;
    group.stack = frames.slice(0, STACK_SHOWN).map(({ name }) => shortName(name));
  }
  const sorted = [...groups.values()]
    .map(({ most: _, ...group }) => group)
    .sort((a, b) => b.count - a.count || (groupKey(a) < groupKey(b) ? -1 : 1));
  return {
    sum: sumOf(profile.samples, 0),
    groups: sorted.slice(0, MAX_GROUPS),
    cut: sorted[MAX_GROUPS]?.count ?? 0,
  };
}

/** What makes two groups of goroutines one. */
export function groupKey({ reason, place, at }: Pick<GoroutineGroup, 'reason' | 'place' | 'at'>): string {
  return JSON.stringify([reason, place, at]);
}
