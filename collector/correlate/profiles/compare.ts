import { benjaminiHochberg, fisherExact, riskDifference, twoSidedNormal } from '../stats.ts';
import { type Change, MAX_CHANGES, mostSpecific } from './change.ts';
import {
  type FunctionUse,
  type GoroutineGroup,
  type GoroutineUse,
  groupKey,
  type ProfileUse,
} from './summary.ts';

/** A figure grew when it is this many times the highest quiet one: the factor by which a call counts as slower, too. */
const GROWN = 1.5;
/** False discoveries among the functions of one comparison. */
const MAX_Q = 0.01;
/** A share that grew by less explains no slow request. */
const MIN_SHARE = 0.05;
/** Cores; a hundred samples a second tell less than this from nothing in 10 s only badly. */
const MIN_CORES = 0.05;
/** Cores that a process must use more for its load as such to be told. */
const MIN_PROCESS_CORES = 0.25;
/** Samples, below which shares say nothing. */
export const MIN_SAMPLES = 20;
/** A burst of requests makes as many goroutines. */
const MIN_GOROUTINES = 10;
/** Goroutines that wait on the average; with fewer most requests find the lock free. */
const MIN_WAITING = 1;
/** Contentions, below which the time waited is an anecdote. */
const MIN_CONTENTIONS = 10;
/** Two-sided 95 %. */
const Z95 = 1.96;
/** As improbable as MAX_Q wants it of twenty figures. */
const SURE_Z = 3.5;

/** A function's share of the CPU time, with the cores it keeps busy. */
export interface CpuChange extends Change {
  p: number;
  coresNow: number;
  coresBefore: number;
}

export interface GoroutineChange extends Change {
  p: number;
  group: GoroutineGroup;
}

/**
 * Functions whose share of the CPU time and whose time itself are above those of every quiet profile: shares alone
 * move when other functions rest, times alone when there is more to do. `now` and `before` are shares of samples.
 */
export function compareCpu(now: ProfileUse, quiet: readonly ProfileUse[]): CpuChange[] {
  const measured = quiet.filter(({ sum }) => sum > 0);
  if (now.sum < MIN_SAMPLES || measured.length === 0) return [];
  const candidates = placesOf(now)
    .filter(({ here }) => here >= MIN_SHARE * now.sum)
    .map(({ name, here }) => {
      const before = highest(measured, (usual) => hereOf(usual, name) / usual.sum);
      const usual = hereOf(before, name);
      const { difference: _, ...interval } = riskDifference(here, now.sum, usual, before.sum);
      return {
        ...{ name, now: here / now.sum, before: usual / before.sum, interval },
        ...{ nowN: now.sum, beforeN: before.sum, p: fisherExact(here, now.sum, usual, before.sum) },
        coresNow: coresOf(now, name),
        coresBefore: Math.max(...measured.map((profile) => coresOf(profile, name))),
      };
    });
  const q = benjaminiHochberg(candidates.map(({ p }) => p));
  const grown = candidates.filter(({ interval, coresNow, coresBefore }, i) => {
    const grew = coresNow >= GROWN * coresBefore && coresNow - coresBefore >= MIN_CORES;
    return q[i]! <= MAX_Q && interval.low >= MIN_SHARE && grew;
  });
  return mostSpecific(grown, now);
}

/** The whole process, when it uses more CPU time than in every quiet profile; `now` and `before` are cores. */
export function compareLoad(
  now: ProfileUse,
  quiet: readonly ProfileUse[],
): (Change & { p: number }) | undefined {
  const measured = quiet.filter(({ seconds }) => seconds > 0);
  if (measured.length === 0) return undefined;
  const before = highest(measured, (usual) => coresOf(usual));
  const cores = { now: coresOf(now), before: coresOf(before) };
  const more = cores.now - cores.before;
  // Samples are counts; those of the quiet profile as if it had lasted as long.
  const expected = (before.sum * now.seconds) / before.seconds;
  const z = (now.sum - expected) / Math.sqrt(now.sum + expected);
  const grew = more >= MIN_PROCESS_CORES && cores.now >= GROWN * cores.before && z >= SURE_Z;
  return grew ? { name: '', ...cores, nowN: now.sum, beforeN: before.sum, p: twoSidedNormal(z) } : undefined;
}

/** CPU time per second: of one function with all that it calls, or of the process. */
export function coresOf({ sum, seconds, period, functions }: ProfileUse, name?: string): number {
  const samples = name === undefined ? sum : (functions.find((use) => use.name === name)?.here ?? 0);
  return seconds > 0 ? (samples * period) / 1e9 / seconds : 0;
}

/**
 * Groups of goroutines that are larger than in every quiet dump. Their numbers are compared as those of two Poisson
 * processes, given their sum. Source: Przyborowski and Wilenski, Homogeneity of Results (1940), normal approximation.
 */
export function compareGoroutines(now: GoroutineUse, quiet: readonly GoroutineUse[]): GoroutineChange[] {
  if (quiet.length === 0) return [];
  const countsOf = quiet.map(({ groups, cut }) => {
    const counts = new Map(groups.map((group) => [groupKey(group), group.count]));
    return (group: GoroutineGroup) => counts.get(groupKey(group)) ?? cut;
  });
  return now.groups
    .flatMap((group) => {
      const before = Math.max(...countsOf.map((countOf) => countOf(group)));
      const z = (group.count - before) / Math.sqrt(group.count + before);
      const grew = group.count >= GROWN * before && group.count - before >= MIN_GOROUTINES && z >= SURE_Z;
      if (!grew) return [];
      const numbers = { now: group.count, before, nowN: now.sum, beforeN: sumMost(quiet) };
      return { name: group.place, group, ...numbers, p: twoSidedNormal(z) };
    })
    .sort((a, b) => b.now - b.before - (a.now - a.before))
    .slice(0, MAX_CHANGES);
}

/**
 * Places where goroutines waited more than in every quiet profile; `now` and `before` are the goroutines that wait on
 * the average, which is the time waited per second. Source: Little, A Proof for the Queuing Formula L = λW (1961).
 */
export function compareWaits(now: ProfileUse, quiet: readonly ProfileUse[]): Change[] {
  const measured = quiet.filter(({ seconds }) => seconds > 0);
  if (measured.length === 0 || now.seconds <= 0 || now.n < MIN_CONTENTIONS) return [];
  const grown = placesOf(now)
    .map(({ name }) => {
      const before = highest(measured, (usual) => waitingOf(usual, name));
      const waiting = { now: waitingOf(now, name), before: waitingOf(before, name) };
      // How many contentions were looked at, and not only counted up from, a profile does not tell: no p value.
      return { name, ...waiting, nowN: now.n, beforeN: before.n, p: null };
    })
    .filter((change) => change.now - change.before >= MIN_WAITING && change.now >= GROWN * change.before);
  return mostSpecific(grown, now);
}

/** Goroutines that wait on the average: at one place, or at all of them. */
export function waitingOf({ sum, seconds, functions }: ProfileUse, name?: string): number {
  const nanos = name === undefined ? sum : (functions.find((use) => use.name === name)?.here ?? 0);
  return seconds > 0 ? nanos / 1e9 / seconds : 0;
}

/**
 * Functions that hold more of the heap than in every quiet profile, in bytes. A heap profile is a sample: of n samples
 * the bytes are known to one part in √n. Source: https://pkg.go.dev/runtime#pkg-variables (MemProfileRate)
 */
export function compareHeap(now: ProfileUse, quiet: readonly ProfileUse[]): Change[] {
  const measured = quiet.filter(({ n }) => n > 0);
  if (measured.length === 0 || now.n === 0) return [];
  const grown = placesOf(now)
    .map(({ name, here }) => {
      const before = highest(measured, (usual) => hereOf(usual, name));
      const usual = hereOf(before, name);
      const [nowError, beforeError] = [errorOf(here, now), errorOf(usual, before)];
      const error = Math.hypot(nowError, beforeError);
      const interval = { low: here - usual - Z95 * error, high: here - usual + Z95 * error };
      const p = error > 0 ? twoSidedNormal((here - usual) / error) : 1;
      return { name, now: here, before: usual, interval, nowN: now.n, beforeN: before.n, p };
    })
    .filter((change) => {
      const more = change.now - change.before;
      const isSure = more > 0 && change.p <= twoSidedNormal(SURE_Z);
      return isSure && change.now >= GROWN * change.before && more >= MIN_SHARE * now.sum;
    });
  return mostSpecific(grown, now);
}

/** Standard error of bytes in a profile: each of its samples stands for sum / n of them. */
function errorOf(bytes: number, { sum, n }: ProfileUse): number {
  return Math.sqrt(bytes * (sum / n));
}

/** What a function has of a profile; of one that was left out at most what the largest left out has. */
function hereOf({ functions, cut }: ProfileUse, name: string): number {
  return functions.find((use) => use.name === name)?.here ?? cut;
}

function placesOf({ functions }: ProfileUse): FunctionUse[] {
  return functions.filter(({ here }) => here > 0);
}

/** The quiet profile in which a figure is highest: what speaks most against a change. */
function highest(quiet: readonly ProfileUse[], figure: (usual: ProfileUse) => number): ProfileUse {
  return quiet.reduce((most, usual) => (figure(usual) > figure(most) ? usual : most));
}

function sumMost(quiet: readonly GoroutineUse[]): number {
  return Math.max(...quiet.map(({ sum }) => sum));
}
