import { readSamplingQuestion } from '../correlate/sampling/question.ts';
import { samplingReport } from '../correlate/sampling/report.ts';
import type { Handler } from './deps.ts';

/** GET /api/v1/sampling: what is stored of what happened, and the lowest shares that would do. */
export const getSampling: Handler = async (request, deps) => {
  const nameOf = (parameter: string) => `${parameter}=`;
  const question = readSamplingQuestion(request.query, { nowUnixNano: deps.clock(), nameOf });
  return samplingReport(deps.store, question, { signal: request.signal });
};
