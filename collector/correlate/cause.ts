import { factNumber, factText, held } from './finding.ts';
import type { ConfidenceTier, Finding } from './incident.ts';

/** A call is slow, not failing, when its median grew by this factor. */
const SLOWER = 1.5;

/** What the findings name as the cause. */
export interface Cause {
  /** `redis.GET`; '' when it is the route's own code. */
  label: string;
  /** `redis`; '' for calls that are no database's. */
  system: string;
  server: string;
  failing: boolean;
  /** Both the cohort's difference and the critical path name it. */
  agreed: boolean;
}

/** The call that the critical path names; without it, the one that separates slow requests from quiet ones. */
export function causeOf(findings: readonly Finding[]): Cause | undefined {
  const where = held(findings, 'where');
  const difference = held(findings, 'difference');
  if (!where) {
    const call = factText(findings, 'difference', 'call');
    if (!difference || call === '') return undefined;
    return {
      label: call,
      system: '',
      server: '',
      failing: factNumber(findings, 'difference', 'limitMs') === 0,
      agreed: false,
    };
  }
  const label = factText(findings, 'where', 'label');
  const traits = JSON.parse(factText(findings, 'difference', 'traits') || '[]') as string[];
  const separates = traits.some((trait) => trait === `${label} failed` || trait.startsWith(`${label} > `));
  const slower = factNumber(findings, 'where', 'nowMs') >= SLOWER * factNumber(findings, 'where', 'beforeMs');
  const compared = findings.some((found) => found.kind === 'difference' && found.outcome !== 'untested');
  return {
    label,
    system: factText(findings, 'where', 'system'),
    server: factText(findings, 'where', 'server'),
    failing: !slower,
    agreed: label === '' ? compared && !difference : separates,
  };
}

/** The service that stands out among all, when one does. */
export interface NamedService {
  service: string;
  tier: ConfidenceTier;
  statement: string;
  about: string;
}

export function suspectOf(findings: readonly Finding[]): NamedService | undefined {
  const found = held(findings, 'suspects');
  const symptom = findings.find(({ kind }) => kind === 'symptom');
  if (!found || symptom?.outcome === 'refuted') return undefined;
  const text = (key: string) => String(found.facts[key] ?? '');
  const tier = text('tier') as ConfidenceTier;
  return { service: text('service'), tier, statement: found.statement, about: text('about') };
}
