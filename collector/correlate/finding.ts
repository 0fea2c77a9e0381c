import { routeName } from './format.ts';
import type { EvidenceKind, Finding, Question, Subject } from './incident.ts';

/** A finding's parts that are worth saying; the others are neutral. */
type Told = Pick<Finding, 'kind' | 'outcome' | 'statement'> & Partial<Finding>;

/** A finding of the question's route, with neutral values for all that is not told. */
export function finding(question: Question, told: Told): Finding {
  return {
    subject: routeSubject(question),
    effect: 0,
    baseline: { value: 0, n: 0 },
    incident: { value: 0, n: 0 },
    p: null,
    references: [],
    charts: [],
    facts: {},
    ...told,
  };
}

/** What could not be tested and why: `Not tested: no logs are stored`. */
export function untested(question: Question, kind: EvidenceKind, reason: string, name = ''): Finding {
  const statement = `${name === '' ? '' : `${name}: `}${name === '' ? 'N' : 'n'}ot tested: ${reason}.`;
  return finding(question, {
    kind,
    outcome: 'untested',
    statement,
    facts: name === '' ? {} : { alternative: name },
  });
}

/** One alternative with its numbers: does it explain the change, or do they speak against it? */
export function alternative(
  question: Question,
  name: string,
  explains: boolean,
  statement: string,
  numbers: Partial<Finding> = {},
): Finding {
  return finding(question, {
    kind: 'alternatives',
    outcome: explains ? 'holds' : 'refuted',
    statement: `${name}: ${statement}`,
    ...numbers,
    facts: { alternative: name, ...numbers.facts },
  });
}

/** The route that is asked about. */
export function routeSubject(question: Question): Subject {
  return { service: question.service, route: question.route, method: question.method };
}

/** The finding of a kind that holds, if one was made before. */
export function held(before: readonly Finding[], kind: EvidenceKind): Finding | undefined {
  return before.find((found) => found.kind === kind && found.outcome === 'holds');
}

/** A fact of an earlier finding that holds, as text; '' when there is none. */
export function factText(before: readonly Finding[], kind: EvidenceKind, key: string): string {
  const value = held(before, kind)?.facts[key];
  return value === undefined ? '' : String(value);
}

/** A fact of an earlier finding that holds, as a number; NaN when there is none. */
export function factNumber(before: readonly Finding[], kind: EvidenceKind, key: string): number {
  const value = held(before, kind)?.facts[key];
  return typeof value === 'number' ? value : Number.NaN;
}

/** Name of the question's route in statements. */
export function nameOf(question: Question): string {
  return routeName(question);
}
