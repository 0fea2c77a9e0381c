import { createHash } from 'node:crypto';
import type { Store } from '../storage/store.ts';
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { alternatives } from './alternatives.ts';
import { cachedReads } from './cached-reads.ts';
import { difference } from './difference.ts';
import { exemplars } from './exemplars.ts';
import { untested } from './finding.ts';
import {
  EVIDENCE_KINDS,
  type Evidence,
  type EvidenceDeps,
  type EvidenceKind,
  type Finding,
  type Incident,
  type Question,
} from './incident.ts';
import { logs } from './logs.ts';
import { onset } from './onset.ts';
import { pool } from './pool.ts';
import { profiles } from './profiles.ts';
import type { Ranking } from './ranking/rank.ts';
import { retryStorm } from './retry-storm.ts';
import { keptSuspects, rankOf, suspects } from './suspects.ts';
import { symptom } from './symptom.ts';
import { joinVerdict } from './verdict.ts';
import { where } from './where.ts';

/** Every kind of evidence; the order in which they are asked is EVIDENCE_KINDS. */
const KINDS: Record<EvidenceKind, Evidence> = {
  symptom,
  suspects,
  onset,
  exemplars,
  difference,
  where,
  logs,
  'retry-storm': retryStorm,
  pool,
  profiles,
  alternatives,
};

/** What an explanation is asked for. */
export type Asked = Omit<Question, 'before'>;

/** The id of an incident: the same for every collector that sees the same onset minute. 16 hex digits of SHA-256. */
export function incidentId(
  asked: Pick<Asked, 'service' | 'method' | 'route' | 'signal' | 'onsetUnixNano'>,
): string {
  const minute = asked.onsetUnixNano / (60n * NANOS_PER_SECOND);
  const parts = [asked.service, `${asked.method} ${asked.route}`, asked.signal, String(minute)];
  return createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 16);
}

/**
 * Gathers all evidence on a question and joins it into an incident. Missing data makes a finding `untested`, and so
 * does a query that fails, or a defect, of which `deps.warn` is told; only an abort of `deps.signal` rejects.
 */
export async function explain(asked: Asked, store: Store, deps: EvidenceDeps): Promise<Incident> {
  const reads = cachedReads(store);
  const findings: Finding[] = [];
  let ranked: Ranking | undefined;
  const rank: NonNullable<EvidenceDeps['rank']> = async (question) => {
    ranked = await (deps.rank?.(question) ?? rankOf(question, reads, deps));
    return ranked;
  };
  for (const kind of EVIDENCE_KINDS) {
    deps.signal.throwIfAborted();
    findings.push(...(await gather(kind, { ...asked, before: [...findings] }, reads, { ...deps, rank })));
  }
  const now = String(deps.clock());
  const times = (range: Question['baseline']) => ({
    fromUnixNano: String(range.fromUnixNano),
    toUnixNano: String(range.toUnixNano),
  });
  return {
    id: incidentId(asked),
    state: 'open',
    service: asked.service,
    method: asked.method,
    route: asked.route,
    signal: asked.signal,
    onsetUnixNano: String(asked.onsetUnixNano),
    openedUnixNano: now,
    updatedUnixNano: now,
    baseline: times(asked.baseline),
    incident: times(asked.incident),
    ...joinVerdict(asked, findings),
    findings,
    ...(ranked ? { suspects: keptSuspects(ranked.suspects), lacked: ranked.lacked } : {}),
  };
}

async function gather(
  kind: EvidenceKind,
  question: Question,
  store: Store,
  deps: EvidenceDeps,
): Promise<Finding[]> {
  try {
    return await KINDS[kind](question, store, deps);
  } catch (error) {
    deps.signal.throwIfAborted();
    if (error instanceof CollectorError && error.code !== 'internal') {
      return [untested(question, kind, `could not be read: ${error.message.replace(/\.$/, '')}`)];
    }
    // One defect must not hide the incident, nor may the incident hide the defect.
    deps.warn?.('a kind of evidence failed', { kind, error });
    return [untested(question, kind, 'internal error')];
  }
}
