import { type SamplingAdvice, unknownRoute } from '../../../slo/index.ts';
import type { KnownRoute } from '../slo/document.ts';

/** A route of the table by its position, with what is advised for it, if anything is. */
export type AdvisedEntry = { position: number; pattern: string; advice: SamplingAdvice | undefined };

/**
 * Finds the route of the table that each advice is for. A pattern without a method answers requests of every method,
 * and GET's answers HEAD too: of several advices for one route the safest of each column is taken.
 */
export function joinAdvice(
  routes: readonly KnownRoute[],
  recommendations: readonly SamplingAdvice[],
): { entries: AdvisedEntry[]; unknown: SamplingAdvice[] } {
  const positions = new Map(routes.map(({ pattern }, position) => [patternText(pattern), position]));
  const byPosition = new Map<number, SamplingAdvice>();
  const unknown: SamplingAdvice[] = [];
  for (const advice of recommendations) {
    const { method, route } = advice;
    if (route === unknownRoute) continue; // what no route answers has no line
    const names = [`${method} ${route}`, ...(method === 'HEAD' ? [`GET ${route}`] : []), route];
    const position = names.flatMap((name) => positions.get(name) ?? [])[0];
    if (position === undefined) unknown.push(advice);
    else byPosition.set(position, safest(byPosition.get(position), advice));
  }
  const entries = routes.flatMap(({ pattern }, position) =>
    pattern === undefined ? [] : [{ position, pattern, advice: byPosition.get(position) }],
  );
  return { entries, unknown };
}

/** Blanks between method and path are one, as ServeMux reads them. */
function patternText(pattern: string | undefined): string | undefined {
  return pattern?.trim().replace(/\s+/g, ' ');
}

function safest(a: SamplingAdvice | undefined, b: SamplingAdvice): SamplingAdvice {
  if (a === undefined) return b;
  const slow = [a.keepSlowSeconds, b.keepSlowSeconds].filter((seconds) => seconds !== null);
  return {
    ...a,
    share: Math.max(a.share, b.share),
    keepFailed: a.keepFailed || b.keepFailed,
    keepSlowSeconds: slow.length === 0 ? null : Math.min(...slow),
    because: `${a.method}: ${a.because} ${b.method}: ${b.because}`,
  };
}
