import type { Store } from '../../storage/store.ts';
import { stringAt } from '../../telemetry/columns.ts';
import { fromHex, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import { codePlace, messageTemplate } from '../../telemetry/template.ts';
import { bounds } from '../series.ts';
import { enriched } from './enriched.ts';
import type { Scored, Suspect } from './rank.ts';

/** Lines of one request in one service. */
const LINES = 500;
const AROUND_NANO = 60_000_000_000n;

/**
 * Tells of the strongest log evidence of the first suspects between which lines of its request it stands: of a line that
 * is new, what was done before and what should have come after.
 */
export function withLogContext(
  suspects: readonly Suspect[],
  store: Store,
  deps: { signal: AbortSignal },
): Promise<Suspect[]> {
  return enriched(suspects, 'logs', async (one) => {
    const between = await neighbours(one, store, deps);
    if (!between) return undefined;
    const stands = between.map((line) => line || 'nothing').join(' and ');
    return { statement: `${one.statement} It stands between ${stands}.`, between };
  });
}

/** The lines before and after the first example of a log evidence, within its span; '' where there is none. */
async function neighbours(
  { service, references }: Scored,
  store: Store,
  deps: { signal: AbortSignal },
): Promise<[string, string] | undefined> {
  const reference = references.find(({ kind }) => kind === 'log');
  if (reference?.kind !== 'log' || reference.traceId === '') return undefined;
  const time = BigInt(reference.timeUnixNano);
  const traceId = fromHex(reference.traceId, TRACE_ID_BYTES);
  if (!traceId) return undefined;
  const range = { fromUnixNano: time - AROUND_NANO, toUnixNano: time + AROUND_NANO };
  const query = { ...range, service, traceIds: [traceId], order: 'oldest' as const };
  const { columns, count } = await store.findLogs(query, { ...bounds(deps), limit: LINES });
  const lines = Array.from({ length: count }, (_, i) => ({
    spanId: toHex(columns.spanId, i * 8, 8),
    time: columns.timeUnixNano[i]!,
    name: nameOf(columns.attributes[i]!, stringAt(columns.body, i)),
  })).filter(({ spanId }) => spanId === reference.spanId);
  return around(lines, time);
}

/** Names of the lines beside the one of a moment, those that came twice once. */
function around(all: readonly { time: bigint; name: string }[], time: bigint): [string, string] | undefined {
  const lines = [...new Map(all.map((line) => [`${line.time} ${line.name}`, line])).values()];
  const at = lines.findIndex((line) => line.time === time);
  if (at < 0 || lines.length < 2) return undefined;
  return [lines[at - 1]?.name ?? '', lines[at + 1]?.name ?? ''];
}

function nameOf(attributes: Parameters<typeof codePlace>[0], body: string): string {
  return codePlace(attributes, body) || `"${messageTemplate(body).slice(0, 80)}"`;
}
