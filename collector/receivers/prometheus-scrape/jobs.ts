import { hash } from 'node:crypto';
import { messageOf } from '../receiver.ts';
import type { Discovery } from './discovery.ts';
import type { Fetch } from './fetch-exposition.ts';
import { type LoopDeps, TargetLoop } from './loop.ts';
import { type ScrapeTarget, TargetScraper, type TargetStatus } from './target.ts';
import { type FoundLabels, identityOf, type TargetDefaults, targetOf } from './target-of.ts';

/** State of one way to find targets, as the status API shows it. */
export interface DiscoveryStatus {
  job: string;
  /** `dns A shop.internal` */
  source: string;
  /** Targets that it found. */
  targets: number;
  /** What is wrong with the last look; the targets found before it stay. */
  problem?: string;
}

interface Source {
  discovery: Discovery;
  targets: readonly FoundLabels[];
  problem: string | undefined;
}

interface Job {
  defaults: TargetDefaults;
  targetLimit: number;
  static: readonly FoundLabels[];
  sources: Source[];
  /** Targets that cannot be scraped for what they are, or are above the limit. */
  refused: TargetStatus[];
}

/** All jobs with the targets they have now: what is found and not scraped yet is begun, what vanished is ended. */
export class ScrapeJobs {
  readonly #fetch: Fetch;
  readonly #deps: LoopDeps;
  readonly #jobs: Job[] = [];
  readonly #loops = new Map<string, TargetLoop>();
  readonly #ending = new Set<Promise<void>>();
  readonly #endingLoops = new Set<TargetLoop>();
  #stopped = false;

  constructor(fetch: Fetch, deps: LoopDeps) {
    this.#fetch = fetch;
    this.#deps = deps;
  }

  add(defaults: TargetDefaults, targetLimit: number, discoveries: readonly Discovery[]): void {
    const sources = discoveries.map((discovery) => ({ discovery, targets: [], problem: undefined }));
    this.#jobs.push({ defaults, targetLimit, static: [], sources, refused: [] });
  }

  /** Starts with the fixed targets of each job, spread evenly, and begins to look for others. */
  start(targets: readonly (readonly FoundLabels[])[]): void {
    for (const [i, job] of this.#jobs.entries()) job.static = targets[i] ?? [];
    const wanted = this.#wanted();
    let n = 0;
    for (const [identity, target] of wanted) this.#begin(identity, target, n++ / wanted.size);
    for (const job of this.#jobs) for (const source of job.sources) this.#look(job, source);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const sources = this.#jobs.flatMap((job) => job.sources);
    await Promise.all([
      ...sources.map(({ discovery }) => discovery.stop()),
      ...[...this.#loops.values(), ...this.#endingLoops].map((loop) => loop.stop()),
    ]);
    await Promise.all(this.#ending);
  }

  targets(): TargetStatus[] {
    const scraped = [...this.#loops.values()].map((loop) => loop.scraper.status);
    return [...scraped, ...this.#jobs.flatMap((job) => job.refused)];
  }

  /** What is scraped now. */
  scraped(): ScrapeTarget[] {
    return [...this.#loops.values()].map((loop) => loop.scraper.target);
  }

  discoveries(): DiscoveryStatus[] {
    return this.#jobs.flatMap((job) =>
      job.sources.map(({ discovery, targets, problem }) => ({
        job: job.defaults.job,
        source: discovery.name,
        targets: targets.length,
        ...(problem === undefined ? {} : { problem }),
      })),
    );
  }

  #look(job: Job, source: Source): void {
    const note = (problem: string | undefined) => {
      const fields = { job: job.defaults.job, source: source.discovery.name, problem };
      if (problem !== undefined && problem !== source.problem)
        this.#deps.warn('targets cannot be looked for', fields);
      source.problem = problem;
    };
    source.discovery.start({
      found: (targets, problem) => {
        note(problem);
        source.targets = targets;
        if (!this.#stopped) this.#reconcile();
      },
      failed: note,
    });
  }

  #reconcile(): void {
    const wanted = this.#wanted();
    for (const [identity, loop] of this.#loops) if (!wanted.has(identity)) this.#end(identity, loop);
    for (const [identity, target] of wanted)
      if (!this.#loops.has(identity)) this.#begin(identity, target, shareOf(identity));
  }

  #begin(identity: string, target: ScrapeTarget, share: number): void {
    const { clock, warn } = this.#deps;
    const loop = new TargetLoop(new TargetScraper(target, { fetch: this.#fetch, clock, warn }), this.#deps);
    this.#loops.set(identity, loop);
    loop.start(share);
  }

  #end(identity: string, loop: TargetLoop): void {
    this.#loops.delete(identity);
    this.#endingLoops.add(loop);
    const ending = loop.end().finally(() => {
      this.#endingLoops.delete(loop);
      this.#ending.delete(ending);
    });
    this.#ending.add(ending);
  }

  /** What should be scraped now, each target once, whoever found it. */
  #wanted(): Map<string, ScrapeTarget> {
    const wanted = new Map<string, ScrapeTarget>();
    for (const job of this.#jobs) {
      const refused = new Map<string, TargetStatus>();
      let count = 0;
      for (const found of [...job.static, ...job.sources.flatMap(({ targets }) => targets)]) {
        const target = understood(found, job.defaults);
        if ('lastError' in target) {
          refused.set(target.instance, target);
          continue;
        }
        const identity = identityOf(target);
        if (wanted.has(identity)) continue;
        if (job.targetLimit > 0 && ++count > job.targetLimit)
          refused.set(target.instance, aboveLimit(target, job));
        else wanted.set(identity, target);
      }
      job.refused = [...refused.values()];
    }
    return wanted;
  }
}

function understood(
  found: FoundLabels,
  defaults: TargetDefaults,
): ScrapeTarget | (Required<Pick<TargetStatus, 'lastError'>> & TargetStatus) {
  try {
    return targetOf(found, defaults);
  } catch (error) {
    const instance = found['__address__'] ?? '';
    return { job: defaults.job, instance, up: false, lastError: messageOf(error) };
  }
}

function aboveLimit({ job, instance }: ScrapeTarget, { targetLimit }: Job): TargetStatus {
  return { job, instance, up: false, lastError: `not scraped: the job has more than ${targetLimit} targets` };
}

/** A place in the interval that stays the same for a target, 0 to below 1. */
function shareOf(identity: string): number {
  return hash('sha256', identity, 'buffer').readUInt32BE() / 2 ** 32;
}
