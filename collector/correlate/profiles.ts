import type { Store } from '../storage/store.ts';
import { factText, finding, untested } from './finding.ts';
import { clockTime, counted } from './format.ts';
import type { Evidence, Finding, Question } from './incident.ts';
import { type ProfileSet, profilesOf } from './profiles/stored-profiles.ts';
import type { InstanceProfiles } from './profiles/summary.ts';
import { ASPECTS } from './profiles/tell.ts';
import type { Compared, Told } from './profiles/told.ts';

/**
 * What does the service itself show at the moment? Its profiles, taken when the incident opened, against quiet ones:
 * one finding for each aspect that grew, what points at a lock first, and one for all that did not. Where the time goes
 * into another service, it is that one's profiles that tell, if there are any.
 */
export const profiles: Evidence = async (asked, store) => {
  const callee = factText(asked.before, 'where', 'callee');
  const there = callee === '' || callee === asked.service ? undefined : await setsOf(callee, asked, store);
  const service = there?.taken ? callee : asked.service;
  const question = { ...asked, service };
  const { taken, quiet } = there?.taken ? there : await setsOf(service, asked, store);
  if (!taken) return [untested(question, 'profiles', missingReason(service))];
  const got = taken.instances.filter(hasProfiles);
  if (got.length === 0) return [untested(question, 'profiles', failedReason(taken))];
  const before = quiet.flatMap((set) => set.instances);
  const compared = got.map((now) => ({ now, quiet: ofSame(now, before) }));
  if (before.length === 0) return [nothingBefore(question, taken, compared[0]!)];
  const grown = ASPECTS.flatMap(({ grew }) => grownOf(question, taken, compared, quiet, grew));
  const sorted = grown.toSorted((a, b) => a.rank - b.rank).map(({ found }) => found);
  const calm = ASPECTS.filter(({ grew }) => compared.every((one) => !grew(one)))
    .map((aspect) => aspect.calm(compared[0]!))
    .filter((text) => text !== '');
  return [...sorted, ...(calm.length === 0 ? [] : [unchanged(question, taken, compared[0]!, calm)])];
};

function setsOf(service: string, { incident, baseline }: Question, store: Store) {
  return profilesOf(store, service, incident, baseline.toUnixNano);
}

function missingReason(service: string): string {
  return `no profiles of ${service} were taken in this time; they are taken when an incident opens, of profiles.targets and of scraped services with /debug/pprof/ on the same port`;
}

function failedReason({ service, instances }: ProfileSet): string {
  const [first] = instances;
  const [miss] = first?.missed ?? [];
  return `the profiles of ${service} could not be taken${first && miss ? ` (${first.instance}: ${miss.message.replace(/\.$/, '')})` : ''}`;
}

function hasProfiles({ instance: _, missed: __, ...profiles }: InstanceProfiles): boolean {
  return Object.keys(profiles).length > 0;
}

/** The quiet profiles of the same process; of a new one, those of the others. */
function ofSame(now: InstanceProfiles, quiet: readonly InstanceProfiles[]): InstanceProfiles[] {
  const same = quiet.filter(({ instance }) => instance === now.instance);
  return same.length > 0 ? same : [...quiet];
}

/** The process in which an aspect grew most, told; none when it grew in none. */
function grownOf(
  question: Question,
  taken: ProfileSet,
  compared: readonly Compared[],
  quiet: readonly ProfileSet[],
  grew: (compared: Compared) => Told | undefined,
): { rank: number; found: Finding }[] {
  const all = compared.flatMap((one) => {
    const told = grew(one);
    return told ? [{ one, told }] : [];
  });
  const [most] = all.toSorted((a, b) => b.told.numbers.effect - a.told.numbers.effect);
  if (!most) return [];
  const { one, told } = most;
  const known = taken.known > compared.length ? ` (${taken.known} are known)` : '';
  const others =
    taken.known > 1
      ? ` Seen in ${all.length} of ${counted(compared.length, 'profiled instance')}${known}.`
      : '';
  const found = finding(question, {
    ...{ kind: 'profiles', outcome: 'holds', ...told.numbers },
    subject: { service: question.service, resource: one.now.instance },
    statement: `At ${clockTime(taken.takenUnixNano)} in ${one.now.instance}: ${told.statement}${others}`,
    table: { ...told.table, caption: `${told.table.caption}. ${quietWords(quiet)}` },
    facts: {
      says: told.says,
      function: told.function,
      instance: one.now.instance,
      takenUnixNano: String(taken.takenUnixNano),
    },
  });
  return [{ rank: told.rank, found }];
}

/** When the quiet profiles were taken. */
function quietWords(quiet: readonly ProfileSet[]): string {
  const times = quiet.map(({ takenUnixNano }) => clockTime(takenUnixNano));
  return `Before: the highest of ${counted(quiet.length, 'quiet profile')} (${times.toReversed().join(', ')}).`;
}

function unchanged(
  question: Question,
  taken: ProfileSet,
  { now }: Compared,
  calm: readonly string[],
): Finding {
  const missed = now.missed.map(({ kind, message }) => `${kind} (${message.replace(/\.$/, '')})`);
  const not = missed.length === 0 ? '' : ` Not taken: ${missed.join(', ')}.`;
  return finding(question, {
    ...{ kind: 'profiles', outcome: 'refuted' },
    subject: { service: question.service, resource: now.instance },
    statement: `At ${clockTime(taken.takenUnixNano)} in ${now.instance} nothing stands out: ${calm.join('; ')}.${not}`,
  });
}

/** Without quiet profiles the figures are told, and nothing is concluded. */
function nothingBefore(question: Question, taken: ProfileSet, compared: Compared): Finding {
  const calm = ASPECTS.map((aspect) => aspect.calm(compared)).filter((text) => text !== '');
  return untested(
    question,
    'profiles',
    `there is no quiet profile from before to compare with. At ${clockTime(taken.takenUnixNano)} ${compared.now.instance} had ${calm.join('; ')}`,
  );
}
