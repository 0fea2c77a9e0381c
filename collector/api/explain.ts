import { type ExplainQuestion, explainRange } from '../correlate/explain.ts';
import type { ApiDeps, ApiRequest, Handler } from './deps.ts';
import { oneOf, rangeOf, timeOf } from './params.ts';
import type { ExplainBody } from './types.ts';

/** Of an incident whose moment is named so much is looked at, unless `to` says more or less. */
const LOOKED_AT_NANO = 300_000_000_000n;

/** GET /api/v1/explain: what happened in a time, found in what is stored; POST keeps it as an incident. */
export const explain: Handler = async (request, deps): Promise<ExplainBody> => {
  const { service, route, method, signal } = request.query;
  const question = {
    ...whenOf(request, deps),
    ...(service === undefined ? {} : { service }),
    ...(route === undefined ? {} : { route }),
    ...(method === undefined ? {} : { method }),
    ...(signal === undefined ? {} : { signal: oneOf(request, 'signal', ['latency', 'errors'], 'latency') }),
  };
  return explainRange(question, deps.store, { clock: deps.clock, signal: request.signal });
};

/** POST /api/v1/explain: the same, kept as an incident that has ended. */
export const explainAndKeep: Handler = async (request, deps): Promise<ExplainBody> => {
  const explained = (await explain(request, deps)) as ExplainBody;
  const incident = { ...explained.incident, state: 'closed' as const };
  const bytes = Buffer.from(JSON.stringify(incident));
  await deps.store.put('incident', { id: incident.id, timeUnixNano: BigInt(incident.onsetUnixNano), bytes });
  return { ...explained, incident };
};

/** The moment, when it is named, and the time that is explained. */
function whenOf(request: ApiRequest, { clock }: ApiDeps): Pick<ExplainQuestion, 'range' | 'onsetUnixNano'> {
  const { at, from, to } = request.query;
  if (at === undefined) return { range: rangeOf(request, clock) };
  const onset = timeOf('at', at);
  const now = clock();
  const end = onset + LOOKED_AT_NANO < now ? onset + LOOKED_AT_NANO : now;
  const fromUnixNano = from === undefined ? onset : timeOf('from', from);
  return {
    onsetUnixNano: onset,
    range: { fromUnixNano, toUnixNano: to === undefined ? end : timeOf('to', to) },
  };
}
