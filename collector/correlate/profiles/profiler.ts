import type { TakenProfiles } from '../../formats/pprof/profile.ts';
import type { Store } from '../../storage/store.ts';
import { type Clock, NANOS_PER_SECOND } from '../../telemetry/clock.ts';
import type { Incident } from '../incident.ts';
import { keepProfiles, type Occasion, profileSets } from './stored-profiles.ts';
import { summarise } from './summary.ts';

/** Where the profiles of one process of a service are. */
export interface ProfileTarget {
  service: string;
  /** host:port, as it is told. */
  instance: string;
  url: string;
}

export interface ProfilerOptions {
  /** How long CPU and waits are looked at, in seconds. */
  seconds: number;
  /** A service counts as quiet when it was watched for so many seconds without an incident. */
  quietAfter: number;
  /** Seconds between two quiet sets of a service. */
  quietEvery: number;
  /** Seconds that pass at least between two sets of a service because of incidents. */
  incidentEvery: number;
}

export interface ProfilerDeps {
  store: Pick<Store, 'put' | 'list'>;
  clock: Clock;
  /** The processes that are known now. */
  targets(): readonly ProfileTarget[];
  take(target: ProfileTarget, seconds: number, signal: AbortSignal): Promise<TakenProfiles>;
  /** Counts profiles that were kept, by kind, and those that were not, by reason. */
  taken(kind: string): void;
  missed(reason: string): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}

/** Takes profiles when an incident opens, and quiet ones to compare them with; one service at a time. */
export interface Profiler {
  /** Told of every incident as it opens and closes; never waits and never throws. */
  observe(incident: Pick<Incident, 'service'>, what: 'opened' | 'restored' | 'closed'): void;
  /** Takes a quiet set of the service that has waited longest for one, if one is due. */
  tick(): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Calls off what is under way. */
  stop(): Promise<void>;
}

/** Processes of a service that one set has. */
const MAX_INSTANCES = 3;
/** Services that may wait for their turn. */
const MAX_WAITING = 16;
/** Services whose sets are taken at the same time: an outage opens incidents of several at once. */
const LANES = 4;

/** Makes the profiler; what is taken is kept in the store, where the next explanation finds it. */
export function createProfiler(options: ProfilerOptions, deps: ProfilerDeps): Profiler {
  return new ServiceProfiler(options, deps);
}

class ServiceProfiler implements Profiler {
  readonly #options: ProfilerOptions;
  readonly #deps: ProfilerDeps;
  readonly #waiting = new Set<string>();
  /** Services with an open incident, and how many. */
  readonly #open = new Map<string, number>();
  /** Since when a service is known, or free of incidents. */
  readonly #calmSince = new Map<string, bigint>();
  /** When a quiet set of a service was taken or tried last; below 0 when never. */
  readonly #quietTried = new Map<string, bigint>();
  /** What is wrong with a process, by its instance. */
  readonly #warned = new Map<string, string>();
  readonly #stopping = new AbortController();
  /** Calls off a quiet set: an incident has precedence, and the set would not be quiet. */
  #quiet = new AbortController();
  readonly #underway = new Set<Promise<void>>();
  /** Services whose profiles are taken because of incidents; a process profiles its CPU for one at a time. */
  readonly #taking = new Set<string>();
  #takesQuiet = false;

  constructor(options: ProfilerOptions, deps: ProfilerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  observe({ service }: Pick<Incident, 'service'>, what: 'opened' | 'restored' | 'closed'): void {
    const open = (this.#open.get(service) ?? 0) + (what === 'closed' ? -1 : 1);
    if (open > 0) this.#open.set(service, open);
    else this.#open.delete(service);
    this.#calmSince.set(service, this.#deps.clock());
    if (what === 'opened') this.#opened(service);
  }

  async tick(): Promise<void> {
    if (this.#underway.size > 0) return;
    const due = await this.#dueForQuiet();
    // An incident may have come while the store was read.
    if (due === undefined || this.#underway.size > 0) return;
    this.#takesQuiet = true;
    const quiet = this.#guarded(() => this.#takeQuiet(due)).then(() => {
      this.#takesQuiet = false;
      this.#takeWaiting();
    });
    await this.#run(quiet);
  }

  async idle(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all(this.#underway);
  }

  async stop(): Promise<void> {
    this.#waiting.clear();
    this.#stopping.abort(new Error('the collector stops'));
    await this.idle();
  }

  #opened(service: string): void {
    if (this.#stopping.signal.aborted || this.#targetsOf(service).length === 0) return;
    if (this.#waiting.size >= MAX_WAITING) {
      this.#deps.missed('overloaded');
      return;
    }
    this.#waiting.add(service);
    this.#quiet.abort(new Error('an incident opened'));
    this.#takeWaiting();
  }

  /** Begins with those that wait, once a quiet set that was called off is out of the way. */
  #takeWaiting(): void {
    if (this.#takesQuiet) return;
    for (const service of this.#waiting) {
      if (this.#taking.size >= LANES) return;
      if (this.#taking.has(service)) continue;
      this.#waiting.delete(service);
      this.#taking.add(service);
      void this.#run(this.#takeOne(service));
    }
  }

  async #takeOne(service: string): Promise<void> {
    await this.#guarded(() => this.#takeOfIncident(service));
    this.#taking.delete(service);
    this.#takeWaiting();
  }

  /** Remembers what is under way; it never rejects. */
  async #run(work: Promise<void>): Promise<void> {
    this.#underway.add(work);
    await work;
    this.#underway.delete(work);
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const isCalledOff = error === this.#quiet.signal.reason;
      this.#deps.missed(isCalledOff ? 'cancelled' : 'store-failed');
      if (!isCalledOff) this.#deps.warn('profiles were not kept', { error });
    }
  }

  async #takeOfIncident(service: string): Promise<void> {
    const [last] = await profileSets(this.#deps.store, service, 'incident');
    const ago = last ? this.#secondsSince(last.takenUnixNano) : Number.POSITIVE_INFINITY;
    // What was taken in the future was before the clock was set back.
    if (ago >= 0 && ago < this.#options.incidentEvery) {
      this.#deps.missed('too-often');
      return;
    }
    await this.#takeSet(service, 'incident', this.#stopping.signal);
  }

  async #takeQuiet(service: string): Promise<void> {
    this.#quietTried.set(service, this.#deps.clock());
    this.#quiet = new AbortController();
    const calledOff = this.#quiet.signal;
    try {
      await this.#takeSet(service, 'quiet', AbortSignal.any([calledOff, this.#stopping.signal]));
    } finally {
      if (calledOff.aborted) this.#quietTried.delete(service);
    }
  }

  async #takeSet(service: string, occasion: Occasion, signal: AbortSignal): Promise<void> {
    const { clock, store, take, taken, missed } = this.#deps;
    const known = this.#targetsOf(service);
    const takenUnixNano = clock();
    const { seconds } = this.#options;
    const instances = await Promise.all(
      known.slice(0, MAX_INSTANCES).map(async (target) => {
        const got = await take(target, seconds, signal);
        for (const kind of Object.keys(got.profiles)) taken(kind);
        for (const { reason } of got.missed) missed(reason);
        this.#warn(target, got);
        return summarise(target.instance, got, seconds);
      }),
    );
    // Nothing to compare with is better than an empty comparison.
    if (occasion === 'quiet' && instances.every(({ goroutine, cpu }) => !goroutine && !cpu)) return;
    await keepProfiles(store, { service, occasion, takenUnixNano, known: known.length, instances });
  }

  /** Tells what is wrong with a process once, and again when it is something else. */
  #warn({ service, instance }: ProfileTarget, { missed: [first] }: TakenProfiles): void {
    const before = this.#warned.get(instance);
    if (first) this.#warned.set(instance, first.reason);
    else this.#warned.delete(instance);
    if (first && first.reason !== before)
      this.#deps.warn('profiles could not be taken', { service, ...first });
  }

  /** The calm service whose quiet set is oldest, when it is old enough to take another. */
  async #dueForQuiet(): Promise<string | undefined> {
    const services = new Set(this.#deps.targets().map(({ service }) => service));
    let due: { service: string; since: bigint } | undefined;
    for (const service of services) {
      if (!this.#isCalm(service)) continue;
      const since = this.#quietTried.get(service) ?? (await this.#lastQuiet(service));
      if (since >= 0n && this.#secondsSince(since) < this.#options.quietEvery) continue;
      if (due === undefined || since < due.since) due = { service, since };
    }
    return due?.service;
  }

  #isCalm(service: string): boolean {
    const since = this.#calmSince.get(service);
    if (since === undefined) this.#calmSince.set(service, this.#deps.clock());
    if (since === undefined || this.#open.has(service)) return false;
    return this.#secondsSince(since) >= this.#options.quietAfter;
  }

  async #lastQuiet(service: string): Promise<bigint> {
    const [last] = await profileSets(this.#deps.store, service, 'quiet');
    const since = last?.takenUnixNano ?? -1n;
    this.#quietTried.set(service, since);
    return since;
  }

  #targetsOf(service: string): ProfileTarget[] {
    return this.#deps.targets().filter((target) => target.service === service);
  }

  #secondsSince(unixNano: bigint): number {
    return Number(this.#deps.clock() - unixNano) / Number(NANOS_PER_SECOND);
  }
}
