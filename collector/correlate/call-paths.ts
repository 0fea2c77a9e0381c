import { dbSystem, type RequestTree, type SpanNode } from './spans.ts';

/** A part counts as the reason of its whole when at least this share of the change lies in it: the larger half. */
const MAIN_PART = 0.5;

/** One call may end this much after the next began and still count as before it: clocks are read at different moments. */
const SLACK_MS = 0.01;
const SLACK_SHARE = 0.01;

/** What one request spent in one call path (the labels from the entry down), all its calls together. */
interface PathTime {
  key: string;
  parentKey: string;
  /** One span of this path, for its label, kind and attributes. */
  example: SpanNode;
  depth: number;
  calls: number;
  /** Time in spans of this path, attempts summed. */
  totalMs: number;
  /** Of the critical path: time in this path itself, and with everything below it. */
  criticalSelfMs: number;
  criticalMs: number;
}

/** Call paths of one request by key. */
export type PathTimes = Map<string, PathTime>;

/**
 * Time each span spends on the critical path by itself: from the end of the request backwards, always into the child
 * that ended last before that point; the pause before another attempt is of the attempt before. The times add up to the
 * entry's duration.
 * Source: Zhang et al., CRISP: Critical Path Analysis of Large-Scale Microservice Architectures, USENIX ATC 2022.
 */
export function criticalSelf(entry: SpanNode): Map<SpanNode, number> {
  const self = new Map<SpanNode, number>();
  const walk = (node: SpanNode, end: number): void => {
    let cursor = end;
    let own = 0;
    let later: SpanNode | undefined;
    for (const child of [...node.children].sort((a, b) => b.endMs - a.endMs)) {
      const length = child.endMs - child.startMs;
      if (child.endMs - cursor > SLACK_MS + SLACK_SHARE * length || child.startMs >= cursor) continue;
      const end = Math.min(child.endMs, cursor);
      walk(child, end);
      // A caller that waits before it tries again does so because of the attempt that failed.
      if (later && isRetryOf(later, child)) self.set(child, self.get(child)! + cursor - end);
      else own += cursor - end;
      cursor = child.startMs;
      later = child;
    }
    self.set(node, own + cursor - node.startMs);
  };
  walk(entry, entry.endMs);
  return self;
}

function isRetryOf(later: SpanNode, earlier: SpanNode): boolean {
  return later.label === earlier.label && later.attempt > earlier.attempt;
}

/** What a request spent where, by call path. */
export function pathTimes(request: RequestTree): PathTimes {
  const self = criticalSelf(request.entry);
  const times: PathTimes = new Map();
  const visit = (node: SpanNode, parentKey: string, depth: number): number => {
    const key = `${parentKey}\u0000${node.service}\u0001${node.label}`;
    let time = times.get(key);
    if (!time) {
      time = { key, parentKey, example: node, depth, calls: 0, totalMs: 0, criticalSelfMs: 0, criticalMs: 0 };
      times.set(key, time);
    }
    time.calls++;
    time.totalMs += node.endMs - node.startMs;
    const own = self.get(node) ?? 0;
    time.criticalSelfMs += own;
    let critical = own;
    for (const child of node.children) critical += visit(child, key, depth + 1);
    time.criticalMs += critical;
    return critical;
  };
  visit(request.entry, '', 0);
  return times;
}

/** A call path with what it adds, for finding the one that matters. */
interface Weighed {
  key: string;
  parentKey: string;
  example: SpanNode;
  /** What the path, with all below it, has of the quantity that is looked for. */
  amount: number;
}

/**
 * From the entry down, always into the part that holds the larger half of its whole, and not below a call that leaves
 * the service for something without spans of its own (a database): what is in there belongs to that call.
 */
export function mainPath(paths: readonly Weighed[]): Weighed | undefined {
  const below = Map.groupBy(paths, (path) => path.parentKey);
  let current = below.get('')?.[0];
  while (current && !isLeafCall(current.example)) {
    const parts: readonly Weighed[] = below.get(current.key) ?? [];
    const largest = parts.reduce<Weighed | undefined>(
      (a, b) => (a && a.amount >= b.amount ? a : b),
      undefined,
    );
    if (!largest || largest.amount < MAIN_PART * current.amount || largest.amount <= 0) break;
    current = largest;
  }
  return current;
}

/** The label in which one request alone spends the larger half of its critical path. */
export function mainLabel(request: RequestTree): SpanNode {
  const paths = [...pathTimes(request).values()].map((time) => ({ ...time, amount: time.criticalMs }));
  return mainPath(paths)?.example ?? request.entry;
}

/** Labels of the calls that leave the service for something without spans; what is inside of them is not listed. */
export function leafCalls(requests: readonly RequestTree[]): Set<string> {
  const labels = new Set<string>();
  const visit = (node: SpanNode): void => {
    if (isLeafCall(node)) labels.add(node.label);
    else node.children.forEach(visit);
  };
  for (const request of requests) visit(request.entry);
  return labels;
}

function isLeafCall(node: SpanNode): boolean {
  if (node.kind !== 'client' && node.kind !== 'producer') return false;
  return dbSystem(node.attributes) !== '' || !node.children.some((child) => child.service !== node.service);
}
