import { messageOf, type Schedule } from '../receiver.ts';
import { type Discovery, type DiscoveryReport, pause, running } from './discovery.ts';
import { getJson, type KubernetesAccess, KubernetesRefusal, watchJson } from './kubernetes-api.ts';
import { isPod, targetsOfPod } from './pod-targets.ts';
import type { FoundLabels } from './target-of.ts';

export interface KubernetesDiscovery {
  /** Undefined: all. */
  namespace: string | undefined;
  labelSelector?: string | undefined;
  /** Only pods on this node: for a collector that runs on every one. */
  node?: string | undefined;
}

/** Pods of one page of the list. */
const PAGE = 500;
/** Seconds after which the server ends a watch. */
const WATCH_SECONDS = 300;
/** A connection that died unnoticed is not waited on for ever. */
const GRACE_MS = 30_000;
const LIST_MS = 60_000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
const GONE = 410;

interface PodList {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: unknown[];
}

interface WatchEvent {
  type?: string;
  object?: { metadata?: { uid?: string; resourceVersion?: string }; code?: number; message?: string };
}

/**
 * Targets from the annotations `prometheus.io/scrape`, `port`, `path` and `scheme` of pods: lists the pods, then
 * watches what changes. While the API server cannot be reached the targets stay as they were.
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function discoverKubernetes(
  options: KubernetesDiscovery,
  access: () => KubernetesAccess,
  schedule: Schedule,
): Discovery {
  const name = `kubernetes pods of ${options.namespace ?? 'all namespaces'}`;
  return running(name, (report, signal) => new PodWatch(options, access, report, signal).run(schedule));
}

class PodWatch {
  readonly #options: KubernetesDiscovery;
  readonly #access: () => KubernetesAccess;
  readonly #report: DiscoveryReport;
  readonly #signal: AbortSignal;
  /** By uid: the targets of each pod that has any. */
  #pods = new Map<string, FoundLabels[]>();
  #version: string | undefined;
  #failures = 0;

  constructor(
    options: KubernetesDiscovery,
    access: () => KubernetesAccess,
    report: DiscoveryReport,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#access = access;
    this.#report = report;
    this.#signal = signal;
  }

  async run(schedule: Schedule): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        if (this.#version === undefined)
          await within(LIST_MS, schedule, this.#signal, (signal) => this.#list(signal));
        await within(WATCH_SECONDS * 1000 + GRACE_MS, schedule, this.#signal, (signal) =>
          this.#watch(signal),
        );
        // A watch that ends at once, again and again, must not become a busy loop.
        await pause(schedule, FIRST_RETRY_MS, this.#signal);
      } catch (error) {
        if (this.#signal.aborted) return;
        if (isGone(error)) this.#version = undefined;
        else {
          this.#report.failed(problemOf(error));
          await pause(schedule, retryMs(this.#failures++), this.#signal);
        }
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const pods = new Map<string, FoundLabels[]>();
    let next: string | undefined;
    do {
      const path = this.#path({ limit: String(PAGE), ...(next ? { continue: next } : {}) });
      const list = (await getJson(this.#access(), path, signal)) as PodList;
      for (const item of list.items ?? []) note(pods, item);
      next = list.metadata?.continue || undefined;
      this.#version = list.metadata?.resourceVersion ?? '0';
    } while (next !== undefined && !this.#signal.aborted);
    this.#pods = pods;
    this.#tell();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const path = this.#path({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version ?? '0',
      timeoutSeconds: String(WATCH_SECONDS),
    });
    for await (const event of watchJson(this.#access(), path, signal)) this.#take(event as WatchEvent);
  }

  #take({ type, object }: WatchEvent): void {
    if (type === 'ERROR')
      throw new KubernetesRefusal(object?.code ?? 0, object?.message ?? 'the watch failed');
    this.#version = object?.metadata?.resourceVersion ?? this.#version;
    if (type === 'BOOKMARK') return;
    const changed =
      type === 'DELETED' ? this.#pods.delete(object?.metadata?.uid ?? '') : note(this.#pods, object);
    if (changed) this.#tell();
  }

  #tell(): void {
    this.#failures = 0;
    this.#report.found([...this.#pods.values()].flat());
  }

  #path(query: Record<string, string>): string {
    const { namespace, labelSelector, node } = this.#options;
    const parameters = new URLSearchParams(query);
    if (labelSelector) parameters.set('labelSelector', labelSelector);
    if (node) parameters.set('fieldSelector', `spec.nodeName=${node}`);
    const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
    return `/api/v1${within}/pods?${parameters}`;
  }
}

/** True when the targets of the pod are not what they were: most changes of a pod concern other things. */
function note(pods: Map<string, FoundLabels[]>, item: unknown): boolean {
  if (!isPod(item)) return false;
  const { uid } = item.metadata;
  const targets = targetsOfPod(item);
  if (targets.length === 0) return pods.delete(uid);
  const changed = JSON.stringify(pods.get(uid)) !== JSON.stringify(targets);
  pods.set(uid, targets);
  return changed;
}

/** The version to watch from, or the rest of a list, is older than what the server remembers. */
function isGone(error: unknown): boolean {
  return error instanceof KubernetesRefusal && error.status === GONE;
}

/** Does the work with a signal that also ends it when it takes too long. */
async function within(
  ms: number,
  schedule: Schedule,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new AbortController();
  const seconds = ms / 1000;
  const cancel = schedule(() => late.abort(new Error(`the API server said nothing for ${seconds} s`)), ms);
  try {
    await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    cancel();
  }
}

function retryMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
}

function problemOf(error: unknown): string {
  const refused = error instanceof KubernetesRefusal && (error.status === 401 || error.status === 403);
  return refused
    ? `${error.message} (the service account needs get, list and watch on pods)`
    : messageOf(error);
}
