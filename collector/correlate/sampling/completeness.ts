import type { SpanColumns, Store } from '../../storage/store.ts';
import { stringAt } from '../../telemetry/columns.ts';
import { fromHex, isZeroId, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import { SPAN_KINDS } from '../../telemetry/model.ts';
import { statedCount } from '../../telemetry/sampling.ts';
import { bounds } from '../series.ts';

/** Spans that come from outside the service: who called them may be stored nowhere. */
const ENTRIES = [SPAN_KINDS.indexOf('server'), SPAN_KINDS.indexOf('consumer')];
const TRACES_PER_QUERY = 100;
const SPANS_PER_PAGE = 5_000;

/** One trace: whether it is complete, and what its entry says that it stands for. */
export interface Look extends Stated {
  complete: boolean;
}

interface Stated {
  /** Stored for what happened in it, whatever was drawn. */
  kept: boolean;
  /** Of how many requests it is one; undefined when it does not say. */
  weight: number | undefined;
}

/** A span as far as it matters here. */
interface Link extends Stated {
  spanId: string;
  parentSpanId: string;
  isEntry: boolean;
}

/**
 * Looks at traces, each by the id of its entry span (trace id -> span id, hex); those that are not stored any more are
 * left out. What entries say of their sampling is read with `weighs` only.
 */
export async function lookAt(
  store: Store,
  entries: ReadonlyMap<string, string>,
  weighs: boolean,
  deps: { signal: AbortSignal },
): Promise<Look[]> {
  const ids = [...entries.keys()].flatMap((id) => fromHex(id, TRACE_ID_BYTES) ?? []);
  const looks: Look[] = [];
  for (let at = 0; at < ids.length; at += TRACES_PER_QUERY) {
    const traces = new Map<string, Link[]>();
    let cursor: string | undefined;
    do {
      const page = await store.trace(
        { traceIds: ids.slice(at, at + TRACES_PER_QUERY), detail: weighs ? 'full' : 'index' },
        { ...bounds(deps), limit: SPANS_PER_PAGE, ...(cursor === undefined ? {} : { cursor }) },
      );
      for (let i = 0; i < page.count; i++) {
        const traceId = toHex(page.columns.traceId, i * 16, 16);
        const known = traces.get(traceId) ?? [];
        traces.set(traceId, known);
        known.push(linkAt(page.columns, i));
      }
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    for (const [traceId, links] of traces) {
      const entry = links.find(({ spanId }) => spanId === entries.get(traceId));
      looks.push({ complete: isComplete(links), kept: entry?.kept ?? false, weight: entry?.weight });
    }
  }
  return looks;
}

function linkAt(c: SpanColumns, i: number): Link {
  const stated = statedCount(c.attributes?.[i], c.traceState ? stringAt(c.traceState, i) : '');
  return {
    spanId: toHex(c.spanId, i * 8, 8),
    parentSpanId: isZeroId(c.parentSpanId, i * 8, 8) ? '' : toHex(c.parentSpanId, i * 8, 8),
    isEntry: ENTRIES.includes(c.kind[i]!),
    kept: stated?.source === 'attribute',
    weight: stated?.count,
  };
}

/** True when every span has its parent, but for those that came from outside. */
function isComplete(links: readonly Link[]): boolean {
  const stored = new Set(links.map(({ spanId }) => spanId));
  return links.every(
    ({ parentSpanId, isEntry }) => parentSpanId === '' || isEntry || stored.has(parentSpanId),
  );
}
