import {
  failedAnswers,
  type Matcher,
  requestCounts,
  type Sli,
  selectorText,
  withErrors,
} from '../../slo/index.ts';
import { increaseOf } from '../targets.ts';
import { type Counting, type Counts, on } from './counts.ts';

/** Requests, and those that failed with a code of 500 or more. */
export function availability(counting: Counting): Counts {
  return failed(counting, failedAnswers);
}

/** Requests, and those that ended with one of the named kinds of errors. */
export function errors(counting: Counting<Extract<Sli, { kind: 'errors' }>>): Counts {
  return failed(counting, withErrors(counting.sli.errorTypes));
}

/** Without any series of a failure there are 0 bad events: they are joined with the total by the labels of `by`. */
function failed({ service, slo, window, target, total }: Counting, bad: Matcher): Counts {
  const of = (...more: Matcher[]) =>
    increaseOf(requestCounts(service, slo, ...more).map(selectorText), slo.by, window, target);
  return { total: of(), bad: `${of(bad)}\nor ${on(slo.by)}\n0 * ${total}` };
}
