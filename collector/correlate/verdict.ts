import { factNumber, factText, held } from './finding.ts';
import { clockTime, count, counted, duration, percent, routeName, span, times } from './format.ts';
import type { ConfidenceTier, EvidenceKind, Finding, Incident, Question } from './incident.ts';

/** Links of the chain; the mechanisms (retries, pool) count only when they are part of it. */
const LINKS: readonly EvidenceKind[] = ['symptom', 'onset', 'exemplars', 'difference', 'where', 'logs'];
export const MECHANISMS: readonly EvidenceKind[] = ['retry-storm', 'pool'];
/** Shares of fewer requests have intervals of 40 points and more. */
const SURE_COHORT = 20;
/** Younger incidents are often explained wrongly (.625 right at 30 s, .875 at 60 s on labelled faults). */
const SURE_SECONDS = 60;
/** A call is slow, not failing, when its median grew by this factor. */
const SLOWER = 1.5;

type Asked = Omit<Question, 'before'>;
type Joined = Pick<Incident, 'title' | 'verdict' | 'unknown' | 'confidence' | 'harm' | 'tryFirst'>;

/** What the findings name as the cause. */
interface Cause {
  /** `redis.GET`; '' when it is the route's own code. */
  label: string;
  /** `redis`; '' for calls that are no database's. */
  system: string;
  server: string;
  failing: boolean;
  /** Both the cohort's difference and the critical path name it. */
  agreed: boolean;
}

/** Joins findings into one verdict, with what speaks for it, against it, and what is not known. */
export function joinVerdict(asked: Asked, findings: readonly Finding[]): Joined {
  const cause = causeOf(findings);
  const confidence = confidenceOf(asked, findings, cause);
  const sure = confidence.tier !== 'insufficient evidence' ? cause : undefined;
  const suspect = sure ? undefined : suspectOf(findings);
  if (suspect) return namedBySuspect(asked, findings, suspect, confidence);
  return {
    title: titleOf(asked, findings, sure),
    verdict: verdictOf(asked, findings, sure),
    unknown: unknownOf(asked, findings, sure),
    confidence,
    harm: harmOf(asked, findings),
    tryFirst: tryFirstOf(asked, findings, sure),
  };
}

/** The service that stands out among all, when one does. */
interface NamedService {
  service: string;
  tier: ConfidenceTier;
  statement: string;
  about: string;
}

function suspectOf(findings: readonly Finding[]): NamedService | undefined {
  const found = held(findings, 'suspects');
  const symptom = findings.find(({ kind }) => kind === 'symptom');
  if (!found || symptom?.outcome === 'refuted') return undefined;
  const text = (key: string) => String(found.facts[key] ?? '');
  const tier = text('tier') as ConfidenceTier;
  return { service: text('service'), tier, statement: found.statement, about: text('about') };
}

/** Where the route itself tells no cause, but all services compared do: never of the highest tier, for links are missing. */
function namedBySuspect(
  asked: Asked,
  findings: readonly Finding[],
  { service, tier, statement, about }: NamedService,
  confidence: Incident['confidence'],
): Joined {
  const what = asked.signal === 'errors' ? 'fails' : 'is slow';
  return {
    title: `${routeName(asked)} of ${asked.service} ${what}: it begins in ${service}`,
    verdict: [statement, mechanismSentence(findings)].filter((text) => text).join(' '),
    unknown: unknownOf(asked, findings, undefined),
    confidence: { ...confidence, tier: tier === 'high' ? 'medium' : tier },
    harm: harmOf(asked, findings),
    tryFirst: `Look at ${service}: ${about}.`,
  };
}

/** The call that the critical path names; without it, the one that separates slow requests from quiet ones. */
function causeOf(findings: readonly Finding[]): Cause | undefined {
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

/**
 * The tier: `high` when symptom, order, exemplars, difference, critical path and log line all hold, the two in the
 * middle name the same call, at least 20 requests stand on each side, the incident is a minute old and no alternative
 * explains the change. `medium` when one of the outer links is missing. `low` when difference and critical path do
 * not agree or an alternative holds as well. Otherwise the evidence is insufficient.
 */
function confidenceOf(
  asked: Asked,
  findings: readonly Finding[],
  cause: Cause | undefined,
): Incident['confidence'] {
  const links = LINKS.flatMap((kind) => findings.find((found) => found.kind === kind) ?? []);
  const mechanisms = MECHANISMS.flatMap((kind) => held(findings, kind) ?? []);
  const chain = [...links, ...mechanisms];
  const holds = chain.filter((found) => found.outcome === 'holds').length;
  const tested = chain.filter((found) => found.outcome !== 'untested').length;
  const others = findings.filter((found) => found.kind === 'alternatives');
  const explaining = others.filter((found) => found.outcome === 'holds');
  const refuted = others.filter((found) => found.outcome === 'refuted').length;
  const seconds = Number(asked.incident.toUnixNano - asked.incident.fromUnixNano) / 1e9;
  const n = held(findings, 'where') ?? held(findings, 'difference');
  const doubts = [
    ...links
      .filter((found) => found.outcome !== 'holds')
      .map((found) => `${found.kind} ${found.outcome === 'untested' ? 'not tested' : 'does not hold'}`),
    ...(n && Math.min(n.baseline.n, n.incident.n) < SURE_COHORT
      ? [`fewer than ${SURE_COHORT} requests on a side`]
      : []),
    ...(cause?.label && held(findings, 'onset') && factText(findings, 'onset', `began ${cause.label}`) === ''
      ? [`${cause.label} is not seen to change around the onset`]
      : []),
    ...otherSuspect(asked, findings),
    ...(seconds < SURE_SECONDS ? [`the incident is ${span(seconds)} old`] : []),
    ...(explaining.length > 0
      ? [`${explaining.map((f) => f.facts['alternative']).join(' and ')} may explain it too`]
      : []),
  ];
  const tier = tierOf(findings, cause, explaining.length, doubts.length);
  const absent = findings.filter((f) => MECHANISMS.includes(f.kind) && f.outcome === 'refuted').length;
  const apply = absent === 0 ? '' : `, ${absent} ${absent === 1 ? 'does' : 'do'} not apply`;
  const counts = `${holds} of ${counted(tested, 'link')} hold${apply}, ${refuted} of ${counted(refuted + explaining.length, 'alternative')} refuted`;
  return { tier, holds, tested, reason: `${counts}${doubts.length === 0 ? '' : `; ${doubts.join(', ')}`}.` };
}

/** Does another service stand out than the one that is asked about or the one it calls? */
function otherSuspect(asked: Asked, findings: readonly Finding[]): string[] {
  const suspect = suspectOf(findings);
  if (suspect?.tier !== 'high') return [];
  const own = [asked.service, factText(findings, 'where', 'callee')];
  return own.includes(suspect.service) ? [] : [`${suspect.service} stands out among all services`];
}

function tierOf(
  findings: readonly Finding[],
  cause: Cause | undefined,
  explaining: number,
  doubts: number,
): ConfidenceTier {
  if (!cause || !held(findings, 'symptom')) return 'insufficient evidence';
  if (!cause.agreed || explaining > 0) return 'low';
  return doubts === 0 ? 'high' : 'medium';
}

function titleOf(asked: Asked, findings: readonly Finding[], cause: Cause | undefined): string {
  if (!cause) {
    const symptom = findings.find((found) => found.kind === 'symptom');
    if (symptom?.outcome === 'refuted') return `${routeName(asked)} of ${asked.service} is as usual`;
    const ratio =
      factNumber(findings, 'symptom', 'p99NowMs') / factNumber(findings, 'symptom', 'p99BeforeMs');
    const what =
      asked.signal === 'errors'
        ? 'fails'
        : Number.isFinite(ratio)
          ? `is slow, p99 ${times(ratio)}`
          : 'is slow';
    return `${routeName(asked)} of ${asked.service} ${what}: cause not known`;
  }
  if (cause.label === '')
    return `${routeName(asked)} of ${asked.service} is ${cause.failing ? 'failing' : 'slow'} in its own code`;
  const effects = [
    ...(held(findings, 'pool') && factText(findings, 'pool', 'system') === cause.system
      ? [`${asked.service} runs out of connections`]
      : [`${routeName(asked)} of ${asked.service} waits`]),
    ...(held(findings, 'retry-storm')
      ? [`retries multiply the load ${times(factNumber(findings, 'retry-storm', 'amplification'))}`]
      : []),
  ];
  return `${cause.label} ${cause.failing ? 'failing' : 'slow'}: ${effects.join(', ')}`;
}

function verdictOf(asked: Asked, findings: readonly Finding[], cause: Cause | undefined): string {
  if (!cause) return `Insufficient evidence for a cause of ${routeName(asked)}. ${missingOf(findings)}`;
  const also = findings
    .filter((found) => found.kind === 'alternatives' && found.outcome === 'holds')
    .map((found) => `Also possible: ${found.statement}`);
  return [causeSentence(asked, findings, cause), mechanismSentence(findings), ...also]
    .filter((text) => text)
    .join(' ');
}

function missingOf(findings: readonly Finding[]): string {
  const lacking = findings.filter((found) => LINKS.includes(found.kind) && found.outcome !== 'holds');
  return lacking
    .map((found) => `${capital(found.kind)}: ${uncapital(found.statement)}`)
    .slice(0, 2)
    .join(' ');
}

function causeSentence(asked: Asked, findings: readonly Finding[], cause: Cause): string {
  const since = clockTime(sinceOf(asked, findings, cause));
  const [before, now] = [factNumber(findings, 'where', 'beforeMs'), factNumber(findings, 'where', 'nowMs')];
  const medians = Number.isFinite(now) ? `p50 ${duration(now)}, before ${duration(before)}` : '';
  if (cause.label === '') {
    const share = percent(factNumber(findings, 'where', 'share'));
    return `${routeName(asked)} spends ${share} of its time in its own code since ${since}: ${medians}. No call it makes explains the change.`;
  }
  const server = cause.server === '' ? '' : ` (${cause.server})`;
  const verb = cause.failing ? 'fails' : 'is slow';
  const lead = `${cause.label}${server} ${verb} since ${since}`;
  if (factText(findings, 'difference', 'call') !== cause.label)
    return `${lead}: ${medians} in ${asked.signal === 'errors' ? 'failed' : 'slow'} requests.`;
  const what = factText(findings, 'difference', 'says').replace(`in ${cause.label}`, 'in it');
  const shares = `${percent(factNumber(findings, 'difference', 'share'))} of ${asked.signal === 'errors' ? 'failed' : 'slow'} traces ${what}, ${percent(factNumber(findings, 'difference', 'shareBefore'))} before`;
  return `${lead}: ${shares} (n = ${count(factNumber(findings, 'difference', 'n'))} and ${count(factNumber(findings, 'difference', 'nBefore'))}).`;
}

/** When the cause changed, as far as the order of changes tells; else the onset of the symptom. */
function sinceOf(asked: Asked, findings: readonly Finding[], cause: Cause): bigint {
  const began = cause.label === '' ? '' : factText(findings, 'onset', `began ${cause.label}`);
  return began === '' ? asked.onsetUnixNano : BigInt(began);
}

function mechanismSentence(findings: readonly Finding[]): string {
  const sentences: string[] = [];
  if (held(findings, 'pool')) {
    const wait = factNumber(findings, 'pool', 'waitMs');
    const waits = wait > 0 ? `, callers wait ${duration(wait)}` : '';
    sentences.push(
      `The ${factText(findings, 'pool', 'system')} pool is full, ${count(factNumber(findings, 'pool', 'used'))} of ${count(factNumber(findings, 'pool', 'limit'))} connections${waits}.`,
    );
  }
  if (held(findings, 'retry-storm')) {
    const [now, before] = [
      factNumber(findings, 'retry-storm', 'attempts'),
      factNumber(findings, 'retry-storm', 'attemptsBefore'),
    ];
    sentences.push(`Each call is tried ${now.toFixed(2)} times instead of ${before.toFixed(2)}.`);
  }
  return sentences.join(' ');
}

function unknownOf(asked: Asked, findings: readonly Finding[], cause: Cause | undefined): string {
  const gaps = findings
    .filter((found) => found.outcome === 'untested')
    .map((found) => found.facts['alternative'] ?? found.kind);
  const untried = gaps.length === 0 ? '' : ` Not tested: ${gaps.join(', ')}.`;
  if (!cause) return `What changed.${untried}`;
  if (cause.label === '')
    return `Which code of ${routeName(asked)} takes the time; its spans show no part of it.${untried}`;
  const callee = cause.system === '' ? cause.label : cause.system;
  return `Why ${callee} ${cause.failing ? 'fails' : 'is slow'}: its own logs and host metrics are not part of this.${untried}`;
}

function harmOf(asked: Asked, findings: readonly Finding[]): string {
  const symptom = held(findings, 'symptom');
  if (!symptom) return 'None measured.';
  const number = (key: string) => factNumber(findings, 'symptom', key);
  const failed = `${counted(number('failed'), 'request')} failed, ${percent(number('errorShareNow'))} of ${routeName(asked)}.`;
  const stored =
    symptom.facts['source'] === 'spans'
      ? ' Counted in stored spans, each for the requests it stands for.'
      : '';
  // Requests are counted by buckets: the bound is the usual p99 only where that lies on one.
  const bound = duration(number('slowBoundMs'));
  const which =
    bound === duration(number('p99BeforeMs')) ? 'the usual p99' : 'the bucket above the usual p99';
  const slow = number('slow') > 0 ? ` ${count(number('slow'))} slower than ${bound}, ${which}.` : '';
  return `${failed}${slow}${stored}`;
}

function tryFirstOf(asked: Asked, findings: readonly Finding[], cause: Cause | undefined): string {
  const release = findings.find(
    (found) => found.facts['alternative'] === 'New release' && found.outcome === 'holds',
  );
  if (release) return `Roll back: ${release.statement.replace('New release: ', '')}`;
  if (!cause) return `Look at the slowest traces of ${routeName(asked)}.`;
  const shown = factText(findings, 'profiles', 'says');
  if (cause.label === '' && shown !== '') return `Look at ${shown}.`;
  if (cause.label === '')
    return `Take a CPU and a goroutine profile of ${asked.service} while it lasts, and look for locks.`;
  const server = cause.server || cause.system || cause.label;
  if (!held(findings, 'retry-storm')) return `Look at ${server}: load, slow commands, network.`;
  const attempts = factNumber(findings, 'retry-storm', 'attempts');
  return `Limit the retries of ${cause.label}: its load falls by ${percent(1 - 1 / attempts)}. Then look at ${server}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function uncapital(text: string): string {
  return /^(No|Not|In|Only)\b/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
