import type { Store } from '../../storage/store.ts';
import { toHex } from '../../telemetry/ids.ts';
import { SPAN_STATUSES } from '../../telemetry/model.ts';
import type { EvidenceDeps, Reference } from '../incident.ts';
import { bounds } from '../series.ts';
import type { CompareQuestion, ComparisonLine } from './comparison.ts';
import { sideFilter } from './pairs.ts';

/** Lines that get traces to open, and how many each. */
const MAX_LINES = 6;
const MAX_TRACES = 3;

/** The lines, with traces of b to open beside those that are worse: newest failed ones, or the slowest. */
export async function withExamples(
  lines: readonly ComparisonLine[],
  question: CompareQuestion,
  store: Store,
  deps: EvidenceDeps,
): Promise<ComparisonLine[]> {
  const bare = lines.filter(({ verdict, references }) => verdict === 'worse' && references.length === 0);
  const chosen = new Set(bare.slice(0, MAX_LINES));
  const shown: ComparisonLine[] = [];
  for (const line of lines) {
    const references = chosen.has(line) ? await tracesOf(line, question, store, deps) : line.references;
    shown.push({ ...line, references });
  }
  return shown;
}

async function tracesOf(
  { kind, subject: { service, route, method } }: ComparisonLine,
  question: CompareQuestion,
  store: Store,
  deps: EvidenceDeps,
): Promise<Reference[]> {
  const isFailure = kind === 'errors';
  const filter = {
    ...sideFilter(question, question.b),
    ...(service === undefined ? {} : { service }),
    ...(route === undefined ? {} : { route }),
    ...(method === undefined ? {} : { method }),
    ...(isFailure ? { status: SPAN_STATUSES.indexOf('error') } : {}),
  };
  const order = isFailure ? 'newest' : 'slowest';
  const page = await store.findTraces({ filter, order }, { ...bounds(deps), limit: MAX_TRACES });
  return Array.from({ length: page.count }, (_, i) => ({
    kind: 'trace',
    traceId: toHex(page.columns.traceId, i * 16, 16),
    label: isFailure ? 'b, failed' : 'b, slow',
  }));
}
