import { Watch } from './cusum.ts';
import { featureObservations } from './feature-observations.ts';
import type { SystemRecords } from './records.ts';
import { slowCalls, slowEntries } from './slow-observations.ts';

/** A change of one thing in one service, and when it began. */
export interface Change {
  service: string;
  /** `rise of log ERROR cache/client.go:118 in GET /orders`, `gap gateway to orders` and the like. */
  about: string;
  onsetUnixNano: bigint;
  /** Log likelihood ratio of a change against none, natural logarithm. */
  strength: number;
}

/**
 * When anything began to differ from quiet time (side 0) in the time that is searched (side 1): a Bernoulli CUSUM for
 * each feature of each operation, for own time, for gaps and for calls that nobody answers. Strongest first.
 * Source: E. S. Page, Continuous Inspection Schemes, Biometrika 41 (1954).
 */
export function findChanges(records: SystemRecords): Change[] {
  const watch = new Watch();
  const observations = [
    ...featureObservations(records, watch),
    ...slowEntries(records, watch),
    ...slowCalls(records, records.gaps, watch, 'gap', (callee) => records.services[callee]!),
    ...slowCalls(records, records.leaves, watch, 'call', (callee) => records.operations[callee]!),
  ];
  observations.sort((a, b) => a.atMs - b.atMs);
  for (const { observe, atMs } of observations) observe(atMs);
  return watch.changes();
}
