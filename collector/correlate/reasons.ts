/** What holds beside the named cause and tells why, or where, that changed: a release, an instance, a lack of CPU, an attribute. */
import type { Cause } from './cause.ts';
import { factText } from './finding.ts';
import type { Finding } from './incident.ts';

/** Longer names of instances say nothing in a title. */
const MAX_INSTANCE = 40;

const nameOf = (found: Finding): string => String(found.facts['alternative'] ?? '');

function holding(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ kind, outcome }) => kind === 'alternatives' && outcome === 'holds');
}

/** Alternatives that hold and stand against the cause: those that only tell why it changed are left out. */
export function competing(findings: readonly Finding[], cause: Cause | undefined): Finding[] {
  const all = holding(findings);
  if (!cause) return all;
  const reasons = reasonsOf(findings, cause);
  const follows = (found: Finding) => nameOf(found) === 'Another dependency' && isStarved(findings, cause);
  return all.filter((found) => !reasons.includes(found) && !follows(found));
}

/** Alternatives that hold and tell why the cause changed. */
export function reasonsOf(findings: readonly Finding[], cause: Cause): Finding[] {
  return holding(findings).filter((found) => isReason(found, findings, cause));
}

/** Does the cause lack a processor? Then everything that waits for one is slow, and no call of it is to blame. */
export function isStarved(findings: readonly Finding[], cause: Cause): boolean {
  return reasonsOf(findings, cause).some((found) => nameOf(found).startsWith('CPU of '));
}

/** Does an alternative go with the cause? A release does where it was compared, or where the code itself is the cause. */
function isReason(found: Finding, findings: readonly Finding[], cause: Cause): boolean {
  const name = nameOf(found);
  if (name === 'New release') return found.p !== null || cause.label === '';
  if (name === 'One instance') return true;
  if (name === 'Garbage collection') return cause.label === '';
  if (!name.startsWith('CPU of ')) return false;
  const callee = factText(findings, 'where', 'callee');
  return cause.label === '' ? callee === '' || name === `CPU of ${callee}` : name === `CPU of ${callee}`;
}

/** The release that holds, as the end of a title; '' when none does. */
export function sinceRelease(findings: readonly Finding[]): string {
  const release = holding(findings).find((found) => nameOf(found) === 'New release');
  return release ? `, since ${releaseText(release)}` : '';
}

/** A release that came with the change, and nothing that ran beside it to compare with. */
export function unprovenRelease(findings: readonly Finding[]): string[] {
  const release = holding(findings).find((found) => nameOf(found) === 'New release');
  if (!release || release.p !== null) return [];
  return [`no request without ${releaseText(release)} to compare with`];
}

const releaseText = ({ facts }: Finding): string => `${facts['service']} ${facts['version']}`;

/** The strongest reason as the end of a title, ` since shipping 1.5.0`; '' when there is none. */
export function reasonText(findings: readonly Finding[], cause: Cause): string {
  const reasons = reasonsOf(findings, cause);
  const named = (start: string) => reasons.find((found) => nameOf(found).startsWith(start));
  if (named('New release')) return sinceRelease(findings);
  const instance = String(named('One instance')?.facts['instance'] ?? '');
  if (instance !== '' && instance.length <= MAX_INSTANCE) return `, on ${instance}`;
  const starved = named('CPU of ');
  if (starved) return `, ${nameOf(starved)} is used up`;
  if (named('Garbage collection')) return ', garbage collection takes the time';
  const attribute = attributeOf(findings);
  return cause.label === '' && attribute !== '' ? `, where ${attribute}` : '';
}

/** The attribute that sets bad requests apart, `app.customer = acme`; '' when there is none. */
function attributeOf(findings: readonly Finding[]): string {
  const difference = findings.find(({ kind }) => kind === 'difference');
  return String(difference?.facts['attribute'] ?? '');
}
