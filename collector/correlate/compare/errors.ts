import type { Compared, CompareQuestion } from './comparison.ts';
import { shareDifference, shareOf } from './estimates.ts';
import { type Scope, scopesOf } from './scopes.ts';
import type { Comparison } from './sides.ts';

/** Fewer requests on a side tell nothing about shares. */
export const MIN_REQUESTS = 10;

/** The share of failed requests of each service and route. */
export const errors: Comparison = async (question, sides) => {
  const { scopes, notes } = scopesOf(await sides.pairs(), question);
  return { compared: scopes.map((scope) => comparedErrors(scope, question)), notes };
};

function comparedErrors({ subject, required, source, a, b }: Scope, question: CompareQuestion): Compared {
  const [before, after] = [a, b].map((side) =>
    shareOf(side.flatMap(({ groups }) => groups.map((group) => ({ ...group, hits: group.failed })))),
  );
  const few = fewOf(before!.n, after!.n);
  return {
    ...{ kind: 'errors', subject, measure: 'errors', unit: 'share', source },
    a: { value: before!.share, n: before!.n },
    b: { value: after!.share, n: after!.n },
    change: few === '' ? shareDifference(before!, after!) : undefined,
    missing: few,
    margin: question.tolerance.errors,
    gates: true,
    required,
    references: [],
  };
}

/** Says that a side has too few requests to tell shares; '' when both have enough. */
export function fewOf(a: number, b: number, least: number = MIN_REQUESTS): string {
  const short = [
    ['a', a],
    ['b', b],
  ].filter(([, n]) => Number(n) < least);
  if (short.length === 0) return '';
  return `${short.map(([side, n]) => `${side} has ${Math.round(Number(n))}`).join(' and ')}, ${least} are needed`;
}
