import { resourceAttribute, type SamplingAdvice } from '../../../slo/index.ts';
import { count, duration, percent, span } from '../format.ts';
import { terminalLine } from '../terminal.ts';
import type { CohortReport } from './cohort-report.ts';
import { shareText } from './recommend.ts';
import type { SamplingReport } from './report.ts';
import type { Reproduction, Share } from './shares.ts';

const UNTOLD = 'not told';

/** The report for a terminal: cohorts side by side, then what is advised for each route, then what could not be told. */
export function renderSamplingText(report: SamplingReport): string {
  const { cohorts, differences, recommendations, basis } = report;
  const missing = cohorts.flatMap(({ name, missing }) => missing.map((one) => `  ${name}: ${one}`));
  const paragraphs = [
    [`Sampling of ${report.service}, ${timeOf(report.fromUnixNano)} to ${timeOf(report.toUnixNano)}`],
    table([['', ...cohorts.map(titleOf)], ...ROWS.map(([title, cell]) => [title, ...cohorts.map(cell)])]),
    differences.map(({ statement }) => statement),
    ...cohorts.map(routeLines),
    recommendations.length === 0 ? [] : [wantedLine(report), ...recommendations.flatMap(adviceLines)],
    missing.length === 0 ? [] : ['Not told:', ...missing],
    recommendations.length === 0 ? [`Nothing is recommended from ${basis}.`] : [],
  ];
  const told = paragraphs.filter((lines) => lines.length > 0);
  return `${told.map((lines) => lines.map(terminalLine).join('\n')).join('\n\n')}\n`;
}

/** The whole comparison, row by row. */
const ROWS: readonly (readonly [title: string, cell: (of: CohortReport) => string])[] = [
  [
    'measured',
    ({ seconds, processes }) =>
      `${span(seconds)}${processes === null ? '' : `, ${count(processes)} process${processes === 1 ? '' : 'es'}`}`,
  ],
  ['requests', ({ requests }) => (requests ? `${count(requests.count)} (${requests.source})` : UNTOLD)],
  ['stored requests', ({ storedRequests }) => count(storedRequests)],
  ['stored spans', ({ storedSpans }) => count(storedSpans)],
  ['spans lost', ({ spanLoss }) => (spanLoss ? `${share(spanLoss)} of ${count(spanLoss.ended)}` : UNTOLD)],
  ['  queue was full', ({ spanLoss }) => (spanLoss ? count(spanLoss.dropped) : UNTOLD)],
  ['  export failed', ({ spanLoss }) => (spanLoss ? count(spanLoss.exportFailed) : UNTOLD)],
  ['traces lost, by weights', ({ traceLoss }) => (traceLoss ? share(traceLoss) : UNTOLD)],
  ['failed, reproduced', ({ failed }) => reproduced(failed)],
  ['slow, reproduced', ({ slow }) => reproduced(slow)],
  ['spans per 10^6 requests', ({ cost }) => (cost ? count(cost.spansPerMillionRequests) : UNTOLD)],
  [
    'bytes per 10^6 requests',
    ({ cost }) => (cost?.bytesPerMillionRequests ? bytes(cost.bytesPerMillionRequests) : UNTOLD),
  ],
];

function titleOf({ name, attribute }: CohortReport): string {
  return attribute === null ? `${name}: all` : `${name}: ${shortKey(attribute.key)}=${attribute.value}`;
}

function shortKey(key: string): string {
  return key === resourceAttribute.serviceVersion ? 'version' : key;
}

function share(of: Share): string {
  return `${percent(of.share)} (${percent(of.low)} to ${percent(of.high)})`;
}

function reproduced(of: Reproduction | null): string {
  return of === null ? 'none counted' : `${share(of)} of ${count(of.requests)}`;
}

function bytes(value: number): string {
  return value >= 1e9 ? `${(value / 1e9).toFixed(2)} GB` : `${(value / 1e6).toFixed(1)} MB`;
}

function routeLines({ name, routes, routesLeftOut }: CohortReport): string[] {
  if (routes.length === 0) return [];
  const rows = routes.map((one) => [
    `${one.method} ${one.route}`,
    count(one.requests),
    one.storedShare === null ? UNTOLD : percent(one.storedShare),
    reproduced(one.failed),
    one.slowSeconds === null ? UNTOLD : `over ${duration(one.slowSeconds * 1000)}: ${reproduced(one.slow)}`,
  ]);
  const more = routesLeftOut > 0 ? [`${count(routesLeftOut)} routes with fewer requests are left out.`] : [];
  return [
    ...table([
      [`routes of ${name}`, 'requests', 'stored', 'failed, reproduced', 'slow, reproduced'],
      ...rows,
    ]),
    ...more,
  ];
}

function wantedLine({ basis, wanted }: SamplingReport): string {
  return `Recommended from ${basis}: with ${percent(wanted.certainty)} certainty ${count(wanted.dailyTraces)} complete traces a day, and in each ${span(wanted.faultWithinSeconds)} ${count(wanted.faultTraces)} of failed and ${count(wanted.faultTraces)} of slow requests`;
}

function adviceLines(advice: SamplingAdvice): string[] {
  const { method, route, keepFailed, keepSlowSeconds, interval } = advice;
  const kept = [
    ...(keepFailed ? ['failed kept'] : []),
    ...(keepSlowSeconds === null ? [] : [`over ${duration(keepSlowSeconds * 1000)} kept`]),
  ];
  const range = `${shareText(interval.low)} to ${shareText(interval.high)}`;
  const head = `  ${method} ${route}: ${shareText(advice.share)} (${range})${kept.length > 0 ? `, ${kept.join(', ')}` : ''}`;
  return [head, `      ${advice.because}`];
}

function timeOf(unixNano: string): string {
  return `${new Date(Number(BigInt(unixNano) / 1_000_000n)).toISOString().slice(0, 19)}Z`;
}

/** Cells in columns as wide as their longest. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}
