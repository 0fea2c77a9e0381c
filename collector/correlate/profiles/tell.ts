import { count, counted, pValue, times } from '../format.ts';
import type { Change } from './change.ts';
import { compareGoroutines, compareHeap, compareWaits, type GoroutineChange, waitingOf } from './compare.ts';
import { isLockWait, shortName } from './frames.ts';
import { cpuCalm, cpuGrew } from './tell-cpu.ts';
import { type Compared, megabytes, numbersOf, type Told, tableOf, usesOf } from './told.ts';

/** One aspect of a process: what grew, or what is to be said of it when nothing did. */
export interface Aspect {
  name: string;
  grew(compared: Compared): Told | undefined;
  /** '' when there is nothing to say. */
  calm(compared: Compared): string;
}

/** The aspects in which profiles are compared, in the order in which they are told when they are calm. */
export const ASPECTS: readonly Aspect[] = [
  { name: 'CPU', grew: cpuGrew, calm: cpuCalm },
  { name: 'goroutines', grew: goroutinesGrew, calm: goroutinesCalm },
  { name: 'locks', grew: (compared) => waitsGrew(compared, 'mutex'), calm: locksCalm },
  { name: 'blocking', grew: (compared) => waitsGrew(compared, 'block'), calm: () => '' },
  { name: 'heap', grew: heapGrew, calm: heapCalm },
];

function goroutinesGrew({ now, quiet }: Compared): Told | undefined {
  const { goroutine } = now;
  const usual = quiet.flatMap((instance) => instance.goroutine ?? []);
  if (!goroutine) return undefined;
  const changes = compareGoroutines(goroutine, usual).toSorted((a, b) => urgency(a) - urgency(b));
  const [most] = changes;
  if (!most) return undefined;
  const { reason, at, place } = most.group;
  const inside = at === place || isLockWait(reason) ? '' : ` at ${shortName(at)}`;
  const what = `${counted(most.now, 'goroutine')} in ${shortName(place)}${inside} (${reason})`;
  return {
    rank: isLockWait(reason) ? 0 : 3,
    numbers: numbersOf(most, most.now / Math.max(1, most.before)),
    statement: `${what}, ${count(most.before)} before at most (${pValue(most.p)}). All goroutines: ${count(goroutine.sum)}, before ${count(Math.max(...usual.map(({ sum }) => sum)))} at most.`,
    table: tableOf(
      ['Now', 'Before', 'Wait', 'Stack, from where it waits'],
      changes.map(goroutineCells),
      'Goroutines by what they wait for and where',
      2,
    ),
    says: `${shortName(place)}, where ${counted(most.now, 'goroutine')} stand in ${reason}, ${count(most.before)} before`,
    function: place,
  };
}

/** Who waits for a lock tells more than who waits in own code, and that more than idle connections. */
function urgency({ group }: GoroutineChange): number {
  if (isLockWait(group.reason)) return 0;
  return group.isOwn ? 1 : 2;
}

const goroutineCells = ({ now, before, group }: GoroutineChange) => [
  ...[count(now), count(before), group.reason],
  group.stack.filter((name) => !/\bruntime[._]/.test(name)).join(' < '),
];

function goroutinesCalm({ now: { goroutine }, quiet }: Compared): string {
  if (!goroutine) return '';
  const usual = quiet.flatMap((instance) => instance.goroutine?.sum ?? []);
  const before = usual.length === 0 ? 'not measured' : `${count(Math.max(...usual))} at most`;
  return `${counted(goroutine.sum, 'goroutine')}, before ${before}`;
}

function waitsGrew({ now, quiet }: Compared, kind: 'mutex' | 'block'): Told | undefined {
  const use = now[kind];
  if (!use) return undefined;
  const usual = usesOf(quiet, kind);
  const changes = compareWaits(use, usual);
  const [most] = changes;
  if (!most) return undefined;
  const isLock = kind === 'mutex';
  const what = isLock ? `for locks that ${shortName(most.name)} held` : `in ${shortName(most.name)}`;
  const n = `n = ${counted(most.nowN, isLock ? 'contention' : 'wait')}, before ${count(most.beforeN)}`;
  return {
    rank: isLock ? 1 : 5,
    numbers: numbersOf(most, most.now - most.before),
    statement: `On the average ${most.now.toFixed(1)} goroutines waited ${what}, ${most.before.toFixed(2)} before at most (${n}).`,
    table: tableOf(
      [isLock ? 'Unlocked by' : 'Waits in', 'Goroutines waiting', 'Before'],
      changes.map((change) => [shortName(change.name), change.now.toFixed(2), change.before.toFixed(2)]),
      'Mean number of goroutines that wait: time waited per second',
    ),
    says: isLock
      ? `${shortName(most.name)}, whose lock ${most.now.toFixed(1)} goroutines waited for on the average, ${most.before.toFixed(2)} before`
      : `${shortName(most.name)}, where ${most.now.toFixed(1)} goroutines waited on the average, ${most.before.toFixed(2)} before`,
    function: most.name,
  };
}

function locksCalm({ now: { mutex } }: Compared): string {
  if (!mutex) return '';
  if (mutex.n === 0)
    return 'no contended lock was sampled (there is none, or the service does not call runtime.SetMutexProfileFraction)';
  return `${waitingOf(mutex).toFixed(2)} goroutines waiting for locks on the average (n = ${counted(mutex.n, 'contention')})`;
}

function heapGrew({ now: { heap }, quiet }: Compared): Told | undefined {
  const usual = usesOf(quiet, 'heap');
  const changes = heap ? compareHeap(heap, usual) : [];
  const [most] = changes;
  if (!heap || !most) return undefined;
  const held = `${megabytes(most.now)} of the heap, ${megabytes(most.before)} before at most`;
  const { low, high } = most.interval!;
  return {
    rank: 4,
    numbers: numbersOf(most, most.now - most.before),
    statement: `What ${shortName(most.name)} allocated holds ${held} (${megabytes(low)} to ${megabytes(high)} more, 95 % interval; n = ${count(most.nowN)} and ${count(most.beforeN)} heap samples). All in use: ${megabytes(heap.sum)}, before ${megabytes(Math.max(...usual.map(({ sum }) => sum)))} at most.`,
    table: tableOf(
      ['Allocated in', 'In use', 'Before', 'Times'],
      changes.map(heapCells),
      'Heap in use by own code that allocated it, or called what did, at the last garbage collection',
    ),
    says: `what ${shortName(most.name)} keeps: ${held}`,
    function: most.name,
  };
}

const heapCells = ({ name, now, before }: Change) => [
  ...[shortName(name), megabytes(now), megabytes(before), times(before > 0 ? now / before : Number.NaN)],
];

function heapCalm({ now: { heap }, quiet }: Compared): string {
  if (!heap) return '';
  const usual = usesOf(quiet, 'heap').map(({ sum }) => sum);
  const before = usual.length === 0 ? 'not measured' : `${megabytes(Math.max(...usual))} at most`;
  return `heap ${megabytes(heap.sum)}, before ${before}`;
}
