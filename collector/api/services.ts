import { goldenSignals } from '../correlate/services.ts';
import type { Handler } from './deps.ts';
import { rangeOf } from './params.ts';
import type { ServicesBody } from './types.ts';

/** GET /api/v1/services: golden signals of every service and route, worst first, with the answer in one sentence. */
export const getServices: Handler = async (request, deps): Promise<ServicesBody> =>
  goldenSignals(deps.store, rangeOf(request, deps.clock), { signal: request.signal });
