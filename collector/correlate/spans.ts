import { attemptAttribute, olderSpanAttribute, spanAttribute } from '../../slo/index.ts';
import type { QueryOptions, SpanColumns, Store } from '../storage/store.ts';
import { stringAt } from '../telemetry/columns.ts';
import { fromHex, TRACE_ID_BYTES, toHex } from '../telemetry/ids.ts';
import {
  type Attributes,
  type AttributeValue,
  SPAN_KINDS,
  SPAN_STATUSES,
  type SpanKind,
} from '../telemetry/model.ts';
import { adjustedCount } from '../telemetry/sampling.ts';

/** Traces per query and spans per page: together a few MB of decoded attributes. */
const TRACES_PER_QUERY = 100;
const SPANS_PER_PAGE = 5_000;
/** Deeper spans are cut off: no request of one service is that deep unless it recurses. */
const MAX_DEPTH = 100;

/** A span inside its trace; times in milliseconds after the trace's entry began (negative before it). */
export interface SpanNode {
  traceId: string;
  spanId: string;
  name: string;
  /** What is called, as `spanLabel` tells it. */
  label: string;
  service: string;
  kind: SpanKind;
  startUnixNano: bigint;
  startMs: number;
  endMs: number;
  failed: boolean;
  /** From 1: which attempt of one logical call this is, when the span says so or its siblings show it. */
  attempt: number;
  /** The attribute that told the attempt; '' when its siblings did. */
  attemptAttribute: string;
  attributes: Attributes;
  resource: Attributes;
  children: SpanNode[];
}

/** One request into the service under study: its server span with all that is stored below it. */
export interface RequestTree {
  traceId: string;
  entry: SpanNode;
  /** All spans of the tree, parents before children. */
  spans: SpanNode[];
  durationMs: number;
  /** Of how many requests this stored one stands for one. */
  weight: number;
}

/**
 * What a span is called in texts, one name per thing called: `redis.GET` or `postgresql.SELECT products` for a database
 * call that says as much, `GET shipping.example` for an HTTP request to that server, else the span's name.
 */
export function spanLabel(name: string, kind: SpanKind, attributes: Attributes): string {
  const [system, operation] = [dbSystem(attributes), read(attributes, 'dbOperation')];
  if (system && operation) {
    const collection = read(attributes, 'dbCollection');
    return `${system}.${operation}${collection ? ` ${collection}` : ''}`;
  }
  const server = isHttpCall(kind, attributes) ? read(attributes, 'serverAddress') : '';
  return server && !name.includes(server) ? `${name} ${server}` : name;
}

function isHttpCall(kind: SpanKind, attributes: Attributes): boolean {
  return kind === 'client' && read(attributes, 'httpMethod') !== '';
}

/** An attribute as text, in its older spelling when only that is there; '' without both. */
export function read(attributes: Attributes, name: keyof typeof olderSpanAttribute): string {
  return plain(attributes[spanAttribute[name]] ?? attributes[olderSpanAttribute[name]]);
}

/** The database a span talks to (`redis`); '' when it is no database call. */
export function dbSystem(attributes: Attributes): string {
  return read(attributes, 'dbSystem');
}

/** Where a client span's request went: address and port as far as they are known. */
export function serverOf(attributes: Attributes): string {
  const [address, port] = [read(attributes, 'serverAddress'), read(attributes, 'serverPort')];
  return address && port ? `${address}:${port}` : address;
}

/** A scalar attribute as text; '' for absent, lists and maps. */
export function plain(value: AttributeValue | undefined): string {
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

/**
 * Loads the traces and cuts out, per trace, the tree below the entry span named for it. Traces whose entry is not
 * stored any more are left out. `entries`: trace id -> span id of the entry, both hex.
 */
export async function loadRequests(
  store: Store,
  entries: ReadonlyMap<string, string>,
  options: QueryOptions,
): Promise<RequestTree[]> {
  const ids = [...entries.keys()];
  const trees: RequestTree[] = [];
  for (let i = 0; i < ids.length; i += TRACES_PER_QUERY) {
    const traceIds = ids.slice(i, i + TRACES_PER_QUERY).flatMap((id) => fromHex(id, TRACE_ID_BYTES) ?? []);
    const raws: RawSpan[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.trace(
        { traceIds, detail: 'full' },
        { ...options, limit: SPANS_PER_PAGE, ...(cursor === undefined ? {} : { cursor }) },
      );
      for (let k = 0; k < page.count; k++) raws.push(rawSpan(page.columns, k));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    for (const [traceId, spans] of Map.groupBy(raws, (raw) => raw.node.traceId)) {
      const tree = requestTree(spans, entries.get(traceId) ?? '');
      if (tree) trees.push(tree);
    }
  }
  return trees;
}

interface RawSpan {
  node: SpanNode;
  parentSpanId: string;
  durationMs: number;
  weight: number;
}

function rawSpan(c: SpanColumns, i: number): RawSpan {
  const name = stringAt(c.name, i);
  const attributes = c.attributes?.[i] ?? {};
  const kind = SPAN_KINDS[c.kind[i]!] ?? 'unspecified';
  return {
    node: {
      traceId: toHex(c.traceId, i * 16, 16),
      spanId: toHex(c.spanId, i * 8, 8),
      name,
      label: spanLabel(name, kind, attributes),
      service: stringAt(c.service, i),
      kind,
      startUnixNano: c.startTimeUnixNano[i]!,
      startMs: 0,
      endMs: 0,
      failed: SPAN_STATUSES[c.status[i]!] === 'error' || c.httpStatus[i]! >= 500,
      ...statedAttempt(kind, attributes),
      attributes,
      resource: c.resource?.[i] ?? {},
      children: [],
    },
    parentSpanId: toHex(c.parentSpanId, i * 8, 8),
    durationMs: Number(c.durationNano[i]!) / 1e6,
    weight: adjustedCount(attributes, c.traceState ? stringAt(c.traceState, i) : ''),
  };
}

/**
 * The attempt as the span itself tells it; 0 when it does not. An HTTP request without a count is sent the first time.
 * Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-request-retries-and-redirects
 */
function statedAttempt(
  kind: SpanKind,
  attributes: Attributes,
): Pick<SpanNode, 'attempt' | 'attemptAttribute'> {
  const key = attemptAttribute[dbSystem(attributes)];
  const attempt = Number(key === undefined ? Number.NaN : (attributes[key] ?? Number.NaN));
  if (key !== undefined && attempt >= 1) return { attempt, attemptAttribute: key };
  const resends = read(attributes, 'httpResendCount');
  if (resends === '' && !isHttpCall(kind, attributes)) return { attempt: 0, attemptAttribute: '' };
  return { attempt: Math.max(0, Number(resends) || 0) + 1, attemptAttribute: spanAttribute.httpResendCount };
}

/** The tree below `entryId`; times of other clocks are moved (`clockShiftMs`), then children are clamped to their parent. */
function requestTree(raws: readonly RawSpan[], entryId: string): RequestTree | undefined {
  const root = raws.find((raw) => raw.node.spanId === entryId);
  if (!root) return undefined;
  const children = Map.groupBy(raws, (raw) => raw.parentSpanId);
  const placed = new Set<string>();
  const origin = root.node.startUnixNano;
  const spans: SpanNode[] = [];
  const place = (raw: RawSpan, parent: SpanNode | undefined, shiftMs: number, depth: number): SpanNode => {
    const { node, durationMs } = raw;
    const saidMs = Number(node.startUnixNano - origin) / 1e6 + shiftMs;
    const offMs = parent ? clockShiftMs({ kind: node.kind, startMs: saidMs, durationMs }, parent) : 0;
    const startMs = saidMs + offMs;
    const [low, high] = parent ? [parent.startMs, parent.endMs] : [0, durationMs];
    node.startMs = Math.min(Math.max(startMs, low), high);
    node.endMs = Math.min(Math.max(startMs + durationMs, node.startMs), high);
    spans.push(node);
    placed.add(node.spanId);
    if (depth < MAX_DEPTH) {
      node.children = (children.get(node.spanId) ?? [])
        .filter((child) => !placed.has(child.node.spanId))
        .map((child) => place(child, node, shiftMs + offMs, depth + 1))
        .sort((a, b) => a.startMs - b.startMs || (a.spanId < b.spanId ? -1 : 1));
      numberAttempts(node.children);
    }
    return node;
  };
  const entry = place(root, undefined, 0, 0);
  return { traceId: entry.traceId, entry, spans, durationMs: root.durationMs, weight: root.weight };
}

/**
 * By how much an answer to a call must be moved to lie within it: its sender's clock is off when it does not. It goes to
 * the middle, since what the way there took is not known; one that took longer than its call begins with it.
 * Source: https://www.jaegertracing.io/docs/faq/ (clock skew adjustment)
 */
function clockShiftMs(
  answer: { kind: SpanKind; startMs: number; durationMs: number },
  call: SpanNode,
): number {
  if (answer.kind !== 'server' || call.kind !== 'client') return 0;
  const { startMs: start, durationMs } = answer;
  const room = call.endMs - call.startMs - durationMs;
  const isInside = start >= call.startMs && start + durationMs <= call.endMs;
  // A call that gave up ends before its answer does: no clock need be off for that.
  const mayOutlast = room < 0 && start >= call.startMs && start < call.endMs;
  return isInside || mayOutlast ? 0 : call.startMs + Math.max(0, room) / 2 - start;
}

/** Attempts that do not count themselves: a call is another attempt when the one like it before had failed by then. */
function numberAttempts(siblings: readonly SpanNode[]): void {
  const last = new Map<string, SpanNode>();
  for (const node of siblings) {
    if (node.attempt === 0) {
      const before = last.get(node.label);
      const retried = before?.failed && before.endMs <= node.startMs;
      node.attempt = retried ? before.attempt + 1 : 1;
    }
    last.set(node.label, node);
  }
}
