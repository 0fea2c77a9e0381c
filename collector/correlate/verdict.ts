import { type Cause, causeOf, type NamedService, suspectOf } from './cause.ts';
import { confidenceOf, LINKS } from './confidence.ts';
import { DETECTION } from './detection.ts';
import { factNumber, factText, held } from './finding.ts';
import { clockTime, count, counted, duration, percent, routeName, times } from './format.ts';
import type { Finding, Incident, Question } from './incident.ts';
import { competing, reasonsOf, reasonText, sinceRelease } from './reasons.ts';

type Asked = Omit<Question, 'before'>;
type Joined = Pick<Incident, 'title' | 'verdict' | 'unknown' | 'confidence' | 'harm' | 'tryFirst'>;

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
    return `${routeName(asked)} of ${asked.service} ${what}${sinceRelease(findings)}: cause not known`;
  }
  const reason = reasonText(findings, cause);
  if (cause.label === '') {
    const line = isFailing(asked, findings, cause) ? lineOf(findings) : undefined;
    const quoted = line ? `: "${line.text}"` : '';
    const what = isFailing(asked, findings, cause) ? 'failing' : 'slow';
    return `${routeName(asked)} of ${asked.service} is ${what} in its own code${reason}${quoted}`;
  }
  const effects = [
    ...(held(findings, 'pool') && factText(findings, 'pool', 'system') === cause.system
      ? [`${asked.service} runs out of connections`]
      : [`${routeName(asked)} of ${asked.service} waits`]),
    ...(held(findings, 'retry-storm')
      ? [`retries multiply the load ${times(factNumber(findings, 'retry-storm', 'amplification'))}`]
      : []),
  ];
  return `${cause.label} ${cause.failing ? 'failing' : 'slow'}: ${effects.join(', ')}${reason}`;
}

/** Do more requests fail than before, of a cause that is the route's own code? Of a call its own name tells. */
function isFailing(asked: Asked, findings: readonly Finding[], cause: Cause): boolean {
  if (asked.signal === 'errors') return true;
  const [now, before] = ['errorShareNow', 'errorShareBefore'].map((key) =>
    factNumber(findings, 'symptom', key),
  );
  return cause.failing && now! - before! >= DETECTION.errorShare;
}

/** The log line that came with the change. */
function lineOf(findings: readonly Finding[]): { text: string; says: string; caller: string } | undefined {
  const template = factText(findings, 'logs', 'template');
  if (template === '') return undefined;
  // What a line says of its error tells more than the message around it.
  const text = factText(findings, 'logs', 'error') || template;
  const [level, caller] = [factText(findings, 'logs', 'level'), factText(findings, 'logs', 'caller')];
  const place = [level, caller].filter((part) => part !== '').join(', ');
  const share = percent(factNumber(findings, 'logs', 'share'));
  const line = text === template ? `"${text}"` : `"${template}": "${text}"`;
  return { text, caller, says: `${line}${place === '' ? '' : ` (${place})`} in ${share} of them` };
}

function verdictOf(asked: Asked, findings: readonly Finding[], cause: Cause | undefined): string {
  if (!cause) return `Insufficient evidence for a cause of ${routeName(asked)}. ${missingOf(findings)}`;
  const others = competing(findings, cause);
  const also = others.map((found) => `Also possible: ${found.statement}`);
  const reasons = reasonsOf(findings, cause).map(({ statement }) => statement);
  return [causeSentence(asked, findings, cause), mechanismSentence(findings), ...reasons, ...also]
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
  if (cause.label === '' && isFailing(asked, findings, cause)) {
    const [own, usual] = ['errorShareNow', 'errorShareBefore'].map((key) =>
      percent(factNumber(findings, 'symptom', key)),
    );
    const line = lineOf(findings);
    const writes = line ? ` It writes ${line.says}.` : '';
    return `${routeName(asked)} fails by itself since ${since}: ${own} of its requests, ${usual} before. No call it makes explains it.${writes}`;
  }
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
  if (cause.label === '' && isFailing(asked, findings, cause)) {
    const known = lineOf(findings)
      ? 'What is behind the line that it writes'
      : 'Which code it is: no log line came with it';
    return `${known}.${untried}`;
  }
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
  const line = cause.label === '' && isFailing(asked, findings, cause) ? lineOf(findings) : undefined;
  if (line) return `Look at ${line.caller === '' ? 'the code' : line.caller} that writes "${line.text}".`;
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
