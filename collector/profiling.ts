import { collectorJob } from '../slo/index.ts';
import type { Config } from './config.ts';
import {
  createProfiler,
  type Profiler,
  type ProfilerDeps,
  type ProfileTarget,
} from './correlate/profiles/profiler.ts';
import { createPprof, type PprofDeps } from './receivers/pprof.ts';
import type { ScrapeTarget } from './receivers/prometheus-scrape/target.ts';

/** A target as the scraper has it; of its URL only scheme, host and port count. */
type Scraped = Pick<ScrapeTarget, 'job' | 'url'>;

/** The processes whose profiles can be asked for: the configured ones, and of other services the scraped ones. */
export function profileTargets(
  { targets, fromScrape }: Config['profiles'],
  scraped: readonly Scraped[],
): ProfileTarget[] {
  const configured = targets.map(({ service, address }) =>
    targetAt(service, new URL(address.includes('://') ? address : `http://${address}`)),
  );
  const named = new Set([...configured.map(({ service }) => service), collectorJob]);
  const found = fromScrape ? scraped.filter(({ job }) => !named.has(job)) : [];
  const all = [...configured, ...found.map(({ job, url }) => targetAt(job, new URL(url)))];
  return [...new Map(all.map((target) => [`${target.service}\n${target.url}`, target])).values()];
}

function targetAt(service: string, { origin, host }: URL): ProfileTarget {
  return { service, instance: host, url: origin };
}

/** The profiler over the network; undefined when profiles, or the incidents that they are for, are switched off. */
export function createProfiling(
  { profiles, incidents }: Pick<Config, 'profiles' | 'incidents'>,
  deps: Pick<ProfilerDeps, 'store' | 'clock' | 'taken' | 'missed' | 'warn'> &
    PprofDeps & { scraped(): readonly Scraped[] },
): Profiler | undefined {
  if (!profiles.enabled || !incidents.enabled) return undefined;
  const { duration, quietAfter, quietEvery, incidentEvery } = profiles;
  return createProfiler(
    { seconds: Math.round(duration), quietAfter, quietEvery, incidentEvery },
    { ...deps, targets: () => profileTargets(profiles, deps.scraped()), take: createPprof(deps) },
  );
}
