/** What the ledger keeps of a service, and what it tells of a budget. */
import { readingOf, type Service, type Slo } from '../../slo/index.ts';
import { aroundMs } from './from-metrics.ts';
import { type Counts, floorHour, floorStep, hourMs, keptHours, stepMs, type Timeline } from './timeline.ts';

/** Hours that one reading takes; fewer where they hold too many samples for one. */
const spanHours = 6;

/** One budget: of an objective, or of one combination of values of its `by`. */
export interface Budget {
  readonly service: Service;
  readonly slo: Slo;
  readonly labels: Readonly<Record<string, string>>;
  /** Where its events come from; spans only where no metrics are stored. Undefined while nothing was found. */
  readonly source: 'metrics' | 'spans' | undefined;
  readonly counts: Counts | undefined;
  /** Why it cannot be counted here. */
  readonly why: string | undefined;
  /** What was read of the store for its service; undefined before the first reading. */
  readonly read: ReadSpan | undefined;
  /** Why the last reading failed. */
  readonly problem: string | undefined;
}

/** What was read of the store for a service; times are milliseconds since 1970. */
interface ReadSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Nothing older is kept, or wanted. */
  readonly isWhole: boolean;
}

/** One objective, and the counts of each of its groups. */
export interface Kept {
  readonly slo: Slo;
  source: 'metrics' | 'spans' | undefined;
  why: string | undefined;
  readonly groups: Map<string, { labels: Readonly<Record<string, string>>; timeline: Timeline }>;
}

/** The objectives of a service: they are read together. */
export interface Book {
  readonly service: Service;
  readonly objectives: readonly Kept[];
  read: ReadSpan | undefined;
  /** Hours of one reading. */
  hours: number;
  problem: string | undefined;
}

/** A service's book; it goes on from `before`, in which the same is counted. */
export function bookOf(service: Service, before: Book | undefined): Book {
  const objectives = service.slos.map((slo, i): Kept => {
    const fresh = { source: undefined, why: whyNot(service, slo), groups: new Map() };
    return { ...(before?.objectives[i] ?? fresh), slo };
  });
  const { read, hours = spanHours, problem } = before ?? {};
  return { service, objectives, read, hours, problem };
}

/** Where the next reading begins: steps near the end are read again, because what came since may tell more of them. */
export function newestFrom(read: ReadSpan | undefined, toMs: number): number {
  const earliest = floorHour(toMs) - (keptHours - 1) * hourMs;
  if (!read) return floorHour(toMs);
  // A clock that was set back has nothing new.
  if (read.toMs >= toMs) return toMs;
  return Math.max(floorStep(read.toMs - aroundMs) - stepMs, read.fromMs, earliest);
}

/** Metrics were found: what was counted from spans is forgotten. */
export function restart(kept: Kept): void {
  kept.source = 'metrics';
  kept.groups.clear();
}

/** What of a service decides what is counted; targets, windows and owners do not. */
export function countedOf({ name, job, slos }: Service): string {
  return JSON.stringify([name, job, slos.map(({ id, sli, routes, by }) => [id, sli, routes, by])]);
}

/** Why neither metrics nor spans can tell an objective. */
function whyNot(service: Service, slo: Slo): string | undefined {
  const reading = readingOf(service, slo);
  return 'why' in reading ? reading.why : undefined;
}
