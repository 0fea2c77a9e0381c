import type { RouteRequest } from './line.ts';
import type { RoutePlan } from './plan.ts';
import { durationText, type Objective } from './promise.ts';

/** What `go-sre route add` did; the object of --json. */
export type RouteReport = {
  dir: string;
  route: string;
  handler: string;
  written: boolean;
  files: readonly { path: string; state: 'new' | 'changed' }[];
  /** Where the route stands in the table now, or why it does not. */
  place: RoutePlan['place'];
  /** The text that came into the table, or that is to be put there. */
  entry: string;
  /** What is left to the user, each a sentence, followed by a line to copy where there is one. */
  left: readonly string[];
  /** Sentences about what is allowed and seldom meant. */
  warnings: readonly string[];
  diff?: string;
};

/** The report for a person. */
export function reportText(report: RouteReport, { objective, sampling }: RouteRequest): string {
  const { route, handler, written, files, place, entry, left, diff } = report;
  const share =
    typeof sampling === 'string' ? sampling.toLowerCase() : `${percent(sampling.ratio)} of its traces`;
  const lines = [`${route}: ${promiseText(objective)}; sampling: ${share}.`, ''];
  for (const { path, state } of files) {
    const at = 'path' in place && place.path === path ? `:${place.line}` : '';
    lines.push(`${state.padEnd(7)}  ${path}${at}`);
    if (at !== '') lines.push(...indented(entry, 11));
  }
  const [file] = files;
  if (written) lines.push('', `${handler} in ${file!.path} answers 501 until you write it.`);
  else lines.push('', 'A dry run: nothing was written.');
  if (left.length > 0) lines.push('', 'Left to you:');
  for (const [at, step] of left.entries()) {
    const [sentence = '', ...rest] = step.split('\n');
    lines.push(`  ${at + 1}. ${sentence}`, ...indented(rest.join('\n'), 7));
  }
  return `${lines.join('\n')}\n${diff === undefined ? '' : `\n${diff}`}`;
}

function indented(text: string, by: number): string[] {
  return text === '' ? [] : text.split(/\r?\n/).map((line) => ' '.repeat(by) + line.replace(/^\t+/, '  '));
}

function promiseText({ availability, latency }: Objective): string {
  const parts = [
    ...(availability === undefined ? [] : [`${percent(availability)} of requests without a failure`]),
    ...(latency === undefined ? [] : [`${percent(latency.ratio)} within ${spoken(latency.thresholdNanos)}`]),
  ];
  return parts.length === 0 ? 'no objective' : parts.join(', ');
}

function spoken(thresholdNanos: number): string {
  const text = durationText(thresholdNanos, '').toLowerCase();
  return text.includes(' * ') ? `${text.replace(' * ', ' ')}s` : `1 ${text}`;
}

function percent(ratio: string): string {
  return `${Number((Number(ratio) * 100).toPrecision(12))} %`;
}
