import type { Finding, FindingTable } from '../incident.ts';
import type { Change } from './change.ts';
import type { InstanceProfiles, ProfileUse } from './summary.ts';

/** One process now, and the quiet profiles that it is compared with. */
export interface Compared {
  now: InstanceProfiles;
  quiet: readonly InstanceProfiles[];
}

/** What an aspect found: the parts of a finding, and where it stands among the others, lowest first. */
export interface Told {
  rank: number;
  numbers: Required<Pick<Finding, 'effect' | 'baseline' | 'incident' | 'p'>>;
  /** A sentence without the process and the time. */
  statement: string;
  table: FindingTable;
  /** What to look at, as the end of a sentence. */
  says: string;
  function: string;
}

/** What quiet profiles of a kind there are. */
export function usesOf(
  instances: readonly InstanceProfiles[],
  kind: 'cpu' | 'heap' | 'mutex' | 'block',
): ProfileUse[] {
  return instances.flatMap((instance) => instance[kind] ?? []);
}

/** The numbers of a finding. */
export function numbersOf({ now, before, nowN, beforeN, p }: Change, effect: number): Told['numbers'] {
  return { effect, baseline: { value: before, n: beforeN }, incident: { value: now, n: nowN }, p };
}

/** A table whose first column is text, or those from `texts` on; the first row is what the statement tells. */
export function tableOf(titles: string[], rows: string[][], caption: string, texts?: number): FindingTable {
  const isText = (i: number) => (texts === undefined ? i === 0 : i >= texts);
  return {
    columns: titles.map((title, i) => ({ title, align: isText(i) ? 'left' : 'right' })),
    rows: rows.map((cells, i) => ({ cells, ...(i === 0 ? { emphasis: true } : {}) })),
    caption,
  };
}

/** CPU time per second. */
export function cores(value: number): string {
  return `${value.toFixed(2)} cores`;
}

/** Bytes, in units of 10^6 as everywhere. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
