import { type Explanation, explainRange } from '../correlate/explain.ts';
import { parseExplainQuestion } from '../correlate/explain-question.ts';
import { renderExplained } from '../correlate/share/explained.ts';
import { INCIDENT_FORMAT_NAMES } from '../correlate/share/formats.ts';
import { loadShared } from '../correlate/share/load.ts';
import type { ApiDeps, ApiRequest, Handler } from './deps.ts';
import { documentOf, READ_TIMEOUT_MS } from './document.ts';
import { oneOf } from './params.ts';
import type { ExplainBody } from './types.ts';

/** GET /api/v1/explain: what happened in a time, found in what is stored; with `format`, a document of it to share. */
export const explain: Handler = (request, deps) => answerOf(request, deps, async (explained) => explained);

/** POST /api/v1/explain: the same, kept as an incident that is over. */
export const explainAndKeep: Handler = (request, deps) =>
  answerOf(request, deps, async (explained) => {
    const incident = await deps.keepExplained(explained.incident);
    return { ...explained, incident };
  });

async function answerOf(
  request: ApiRequest,
  { store, clock, explaining }: ApiDeps,
  then: (explained: Explanation) => Promise<Explanation>,
): ReturnType<Handler> {
  const format =
    request.query['format'] === undefined
      ? undefined
      : oneOf(request, 'format', INCIDENT_FORMAT_NAMES, 'json');
  const nameOf = (parameter: string) => `${parameter}=`;
  const question = parseExplainQuestion(request.query, { nowUnixNano: clock(), nameOf });
  return explaining.run(request.signal, async (signal) => {
    const explained = await then(await explainRange(question, store, { clock, signal }));
    if (format === undefined) return explained satisfies ExplainBody;
    const options = { signal, timeoutMs: READ_TIMEOUT_MS };
    const shared = await loadShared(explained.incident, store, options);
    return documentOf(format, renderExplained(format, { ...shared, onset: explained.onset }));
  });
}
