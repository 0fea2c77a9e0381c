import { Resolver as DnsResolver } from 'node:dns/promises';
import { type DnsDiscovery, discoverDns, type Resolver } from './prometheus-scrape/discover-dns.ts';
import { discoverFiles, type FileDiscovery } from './prometheus-scrape/discover-files.ts';
import { discoverKubernetes } from './prometheus-scrape/discover-kubernetes.ts';
import type { Discovery } from './prometheus-scrape/discovery.ts';
import type { Fetch } from './prometheus-scrape/fetch-exposition.ts';
import { type DiscoveryStatus, ScrapeJobs } from './prometheus-scrape/jobs.ts';
import { inClusterAccess, type KubernetesAccess } from './prometheus-scrape/kubernetes-api.ts';
import { type LoopDeps, RECEIVER } from './prometheus-scrape/loop.ts';
import type { ScrapeTarget, TargetStatus } from './prometheus-scrape/target.ts';
import { labelsOfAddress } from './prometheus-scrape/target-of.ts';
import { type Receiver, type ReceiverDeps, type Schedule, systemSchedule } from './receiver.ts';

/** Pods whose annotations ask for being scraped. */
interface KubernetesOptions {
  /** None: all. */
  namespaces: readonly string[];
  labelSelector?: string | undefined;
  node?: string | undefined;
  /** All three undefined: those of the pod that the collector runs in. */
  apiServer?: string | undefined;
  tokenFile?: string | undefined;
  caFile?: string | undefined;
}

/** Targets that are scraped alike, from all the ways to find them that are given. Limits of 0 are none. */
export interface ScrapeJob {
  job: string;
  /** host:port, or whole URLs. */
  targets?: readonly string[];
  fileSd?: FileDiscovery | undefined;
  dns?: DnsDiscovery | undefined;
  kubernetes?: KubernetesOptions | undefined;
  scheme?: 'http' | 'https';
  /** Path for targets that do not say another. */
  path: string;
  /** Seconds. */
  interval: number;
  /** Seconds. */
  timeout: number;
  labels: Readonly<Record<string, string>>;
  honorLabels?: boolean;
  honorTimestamps?: boolean;
  nativeHistograms?: boolean;
  /** Bytes of one exposition, inflated, at the most. */
  maxBody?: number;
  targetLimit?: number;
  sampleLimit?: number;
  labelLimit?: number;
  labelNameLengthLimit?: number;
  labelValueLengthLimit?: number;
}

export interface PrometheusScrapeOptions {
  jobs: readonly ScrapeJob[];
}

export interface PrometheusScrapeDeps extends ReceiverDeps {
  fetch?: Fetch;
  schedule?: Schedule;
  resolver?: Resolver;
  /** Of the process: tells a pod where its API server is. */
  env?: Readonly<Record<string, string | undefined>>;
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * Scrapes OpenMetrics (with exemplars), Prometheus text or protobuf from its targets, each on its own clock; their
 * scrapes are spread over the interval. Targets come and go as they are discovered; the series of one that vanished
 * end with markers. `targets` tells their state, `discoveries` that of the ways to find them, `scraped` where they are.
 */
export function createPrometheusScrape(
  { jobs }: PrometheusScrapeOptions,
  deps: PrometheusScrapeDeps,
): Receiver & { targets(): TargetStatus[]; discoveries(): DiscoveryStatus[]; scraped(): ScrapeTarget[] } {
  const loopDeps: LoopDeps = { ...deps, schedule: deps.schedule ?? systemSchedule };
  const scraping = new ScrapeJobs(deps.fetch ?? fetch, loopDeps);
  for (const job of jobs)
    scraping.add(defaultsOf(job), job.targetLimit ?? 0, discoveriesOf(job, deps, loopDeps.schedule));
  return {
    name: RECEIVER,
    start: async () => {
      scraping.start(jobs.map(({ targets = [] }) => targets.map(labelsOfAddress)));
    },
    stop: () => scraping.stop(),
    targets: () => scraping.targets(),
    discoveries: () => scraping.discoveries(),
    scraped: () => scraping.scraped(),
  };
}

function defaultsOf(job: ScrapeJob) {
  const { path, interval, timeout, labels, scheme = 'http', maxBody = MAX_BODY_BYTES } = job;
  return {
    ...{ job: job.job, scheme, path, interval, timeout, labels },
    settings: {
      honorLabels: job.honorLabels ?? false,
      honorTimestamps: job.honorTimestamps ?? true,
      nativeHistograms: job.nativeHistograms ?? false,
      maxBodyBytes: maxBody,
      sampleLimit: job.sampleLimit ?? 0,
      labelLimit: job.labelLimit ?? 0,
      labelNameLengthLimit: job.labelNameLengthLimit ?? 0,
      labelValueLengthLimit: job.labelValueLengthLimit ?? 0,
    },
  };
}

function discoveriesOf(job: ScrapeJob, deps: PrometheusScrapeDeps, schedule: Schedule): Discovery[] {
  const { fileSd, dns, kubernetes } = job;
  const found: Discovery[] = [];
  if (fileSd) found.push(discoverFiles(fileSd, schedule));
  if (dns) found.push(discoverDns(dns, deps.resolver ?? new DnsResolver(), schedule));
  if (kubernetes) {
    const { labelSelector, node } = kubernetes;
    const access = () => accessOf(kubernetes, deps.env ?? {});
    const namespaces = kubernetes.namespaces.length > 0 ? kubernetes.namespaces : [undefined];
    for (const namespace of namespaces)
      found.push(discoverKubernetes({ namespace, labelSelector, node }, access, schedule));
  }
  return found;
}

function accessOf(
  { apiServer, tokenFile, caFile }: KubernetesOptions,
  env: Readonly<Record<string, string | undefined>>,
): KubernetesAccess {
  if (apiServer !== undefined) return { server: apiServer, tokenFile, caFile };
  const own = inClusterAccess(env);
  return { ...own, tokenFile: tokenFile ?? own.tokenFile, caFile: caFile ?? own.caFile };
}
