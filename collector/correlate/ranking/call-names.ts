import type { Store } from '../../storage/store.ts';
import { stringAt } from '../../telemetry/columns.ts';
import { fromHex, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { SPAN_KINDS } from '../../telemetry/model.ts';
import { bounds } from '../series.ts';
import { spanLabel } from '../spans.ts';
import { enriched } from './enriched.ts';
import type { Scored, Suspect } from './rank.ts';

/** Spans of the one trace that is read. */
const SPANS = 1000;

/**
 * Names the strongest dependency of the first suspects as the rest of an explanation does: `redis.GET` where the span alone
 * is called `GET`. What a call is to is told by its attributes, which are read of its slowest trace only.
 */
export function withCallNames(
  suspects: readonly Suspect[],
  store: Store,
  deps: { signal: AbortSignal },
): Promise<Suspect[]> {
  return enriched(suspects, 'dependency', async (one) => {
    const name = await nameOf(one, store, deps);
    return name === undefined
      ? undefined
      : { about: name, statement: `${name}${one.statement.slice(one.about.length)}` };
  });
}

/** What a call is to, of the longest such call in the trace that is referred to; undefined where it is not stored. */
async function nameOf(
  { service, about, references }: Scored,
  store: Store,
  deps: { signal: AbortSignal },
): Promise<string | undefined> {
  const reference = references.find(({ kind }) => kind === 'trace');
  const traceId = reference?.kind === 'trace' ? fromHex(reference.traceId, TRACE_ID_BYTES) : undefined;
  if (!traceId) return undefined;
  const query = { traceIds: [traceId], detail: 'full' as const };
  const { columns, count } = await store.trace(query, { ...bounds(deps), limit: SPANS });
  const rows = Array.from({ length: count }, (_, i) => i)
    .filter((i) => stringAt(columns.name, i) === about && stringAt(columns.service, i) === service)
    .sort((a, b) => Number(columns.durationNano[b]! - columns.durationNano[a]!));
  const [row] = rows;
  if (row === undefined) return undefined;
  return spanLabel(about, SPAN_KINDS[columns.kind[row]!] ?? 'unspecified', columns.attributes?.[row] ?? {});
}
