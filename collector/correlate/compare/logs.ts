import type { Store } from '../../storage/store.ts';
import { fromHex, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import type { EvidenceDeps } from '../incident.ts';
import { distinct, type LogLine, MAX_LINES, readLines, type Template } from '../log-lines.ts';
import type { RequestTree } from '../spans.ts';
import type { Compared, CompareQuestion, Side } from './comparison.ts';
import { type DrawnPair, type DrawnRequest, hitsOf, tracesWith } from './drawn.ts';
import { shareDifference, shareOf } from './estimates.ts';
import { subjectOf } from './pairs.ts';
import type { Comparison } from './sides.ts';

/** The lowest severity number of errors. Source: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const ERROR = 17;
/** Smaller changes of a template's share are not told: some come with any other traffic. */
const SHARE_MARGIN = 0.01;
/** Templates of a route that are compared, those of the most requests first. */
const MAX_TEMPLATES = 100;
/** Trace ids asked for at once. */
const TRACES_PER_QUERY = 50;
/** Lines of a request may be written, or stamped by another clock, this long after its range. */
const LATE_NANO = 60_000_000_000n;

/** The requests whose lines were read, and the trace ids that have a line of a template or of an error. */
interface Lines {
  requests: DrawnRequest[];
  templates: Map<string, { template: Template; traceIds: Set<string> }>;
  failed: Set<string>;
}

/**
 * Log templates of the drawn requests, joined by trace id: the share of requests that have a line of each. A release words its
 * lines anew, so that a template alone is no harm; requests with a line at error level are.
 */
export const logs: Comparison = async (question, sides, deps) => {
  const { drawn } = await sides.drawn();
  const compared: Compared[] = [];
  const notes: string[] = [];
  for (const pair of drawn) {
    const a = await linesOf(pair.a, question.a, sides.store, deps);
    const b = await linesOf(pair.b, question.b, sides.store, deps);
    const silent = [a, b].flatMap((side, i) => (side.templates.size === 0 ? ['a', 'b'][i]! : []));
    if (silent.length > 0) notes.push(withoutLines(pair, silent));
    else compared.push(...comparedLines({ ...pair, a: a.requests, b: b.requests }, a, b, question));
  }
  return { compared, notes };
};

function withoutLines({ pair }: DrawnPair, silent: readonly string[]): string {
  const where = `${pair.service} ${pair.method} ${pair.route}`.trimEnd();
  return `${where}: no log line carries the id of a trace of ${silent.join(' and ')}, so log templates were not compared.`;
}

/** Reads until the limit; only requests all of whose lines were read are answered. */
async function linesOf(
  drawn: readonly DrawnRequest[],
  { range }: Side,
  store: Store,
  deps: EvidenceDeps,
): Promise<Lines> {
  const requests: DrawnRequest[] = [];
  const lines: LogLine[] = [];
  const query = { ...range, toUnixNano: range.toUnixNano + LATE_NANO, order: 'oldest' as const };
  for (let i = 0; i < drawn.length && lines.length < MAX_LINES; i += TRACES_PER_QUERY) {
    const part = drawn.slice(i, i + TRACES_PER_QUERY);
    const traceIds = part.flatMap(({ request }) => fromHex(request.traceId, TRACE_ID_BYTES) ?? []);
    const read = await readLines({ ...query, traceIds }, store, deps);
    if (read.length >= MAX_LINES) break;
    requests.push(...part);
    lines.push(...read);
  }
  const templates: Lines['templates'] = new Map();
  const failed = new Set<string>();
  for (const { template, traceId, severityNumber } of distinct(lines)) {
    const known = templates.get(template.key) ?? { template, traceIds: new Set() };
    templates.set(template.key, known);
    known.traceIds.add(traceId);
    if (severityNumber >= ERROR) failed.add(traceId);
  }
  return { requests, templates, failed };
}

function comparedLines(drawn: DrawnPair, a: Lines, b: Lines, question: CompareQuestion): Compared[] {
  const either = (of: (side: Lines) => ReadonlySet<string> | undefined) => {
    const [inA, inB] = [of(a), of(b)];
    return (request: RequestTree) => (inA?.has(request.traceId) || inB?.has(request.traceId)) ?? false;
  };
  const wrong = share(
    drawn,
    'requests with a line at ERROR or above',
    either((side) => side.failed),
  );
  const keys = [...new Set([...a.templates.keys(), ...b.templates.keys()])];
  const uses = (key: string) =>
    (a.templates.get(key)?.traceIds.size ?? 0) + (b.templates.get(key)?.traceIds.size ?? 0);
  const known = keys.sort((x, y) => uses(y) - uses(x) || (x < y ? -1 : 1)).slice(0, MAX_TEMPLATES);
  return [
    { ...wrong, margin: question.tolerance.errors, gates: true },
    ...known.map((key) => {
      const { level, text } = (a.templates.get(key) ?? b.templates.get(key))!.template;
      return share(
        drawn,
        `"${text}" (${level})`,
        either((side) => side.templates.get(key)?.traceIds),
      );
    }),
  ];
}

function share(drawn: DrawnPair, measure: string, test: (request: RequestTree) => boolean): Compared {
  const [a, b] = [drawn.a, drawn.b].map((side) => shareOf(hitsOf(side, test)));
  return {
    ...{ kind: 'logs', subject: subjectOf(drawn.pair), measure, unit: 'share', source: 'logs' },
    a: { value: a!.share, n: a!.n },
    b: { value: b!.share, n: b!.n },
    change: shareDifference(a!, b!),
    ...{ missing: '', margin: SHARE_MARGIN, gates: false, required: false },
    references: tracesWith(drawn, test),
  };
}
