import { compareReleases } from '../correlate/compare/compare.ts';
import { parseCompareQuestion } from '../correlate/compare/question.ts';
import { renderComparisonText } from '../correlate/compare/text.ts';
import type { Handler } from './deps.ts';
import { oneOf } from './params.ts';

/** GET /api/v1/compare: whether the requests of b are worse than those of a, as JSON or as text for a terminal. */
export const getComparison: Handler = async (request, { store, clock }) => {
  const format = oneOf(request, 'format', ['json', 'text'], 'json');
  const question = parseCompareQuestion(request.query, clock());
  const report = await compareReleases(question, store, { clock, signal: request.signal });
  if (format === 'json') return report;
  return { contentType: 'text/plain; charset=utf-8', text: renderComparisonText(report) };
};
