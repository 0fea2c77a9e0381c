// Does the engine name the service of labelled faults of a real system, told the moment and not told? The telemetry comes in
// by the collector's own port, with its own timestamps; of the labels the engine gets the moment, in the first pass only.
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ExplainBody } from '../collector/api/types.ts';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { buildOurs, type Ours, startOurs } from './collector/ours.ts';
import { allKept } from './collector/round.ts';
import { daysOf, type Fault, readFaults, readSpans, serviceOf } from './rca/nezha-data.ts';
import { replay, type Stretch } from './rca/nezha-replay.ts';
import { leaveOneTypeOut, type Scores, scoresOf } from './rca/score.ts';
import { cell, type Table } from './report.ts';

const withinNano = 60_000_000_000n;
const incidentNano = 150_000_000_000n;
/** What is 2023's must not be too old to be kept. */
const config = { incidents: { enabled: false }, clock: 'data', store: { maxSize: '20GB' } };
const asked = { kinds: { cpu_contention: 'cpu', network_delay: 'network' } as Record<string, string> };

interface Answer {
  fault: Fault;
  rank: number;
  tier: string;
  top: string;
  score: number;
  /** First position of evidence that matches the label, 0 when there is none. */
  evidence: number;
  body: ExplainBody;
}

const timeOf = (fault: Fault) => BigInt(Date.parse(fault.injected_at)) * 1_000_000n;

async function ask(ours: Ours, query: Record<string, string>): Promise<ExplainBody | undefined> {
  const response = await fetch(`${ours.api}/api/v1/explain?${new URLSearchParams(query)}`, {
    method: 'POST',
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`explain was refused with ${response.status}: ${await response.text()}`);
  return (await response.json()) as ExplainBody;
}

function judged(fault: Fault, body: ExplainBody): Answer {
  const suspects = body.incident.suspects ?? [];
  const rank = suspects.findIndex(({ service }) => service === fault.service) + 1;
  const [top] = suspects;
  const matches = (top?.evidence ?? []).map((one) => {
    const kind = asked.kinds[fault.type];
    if (kind !== undefined) return one.family === kind;
    const keys = [one.about, ...(one.between ?? [])];
    return (
      one.family === 'logs' && fault.evidence.split('_').some((key) => keys.some((own) => own.includes(key)))
    );
  });
  return {
    ...{ fault, rank, body },
    tier: body.incident.confidence.tier,
    top: top?.service ?? '',
    score: top?.score ?? 0,
    evidence: rank === 1 ? matches.indexOf(true) + 1 : 0,
  };
}

/** First pass: the moment is given. */
async function given(ours: Ours, faults: readonly Fault[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const fault of faults) {
    const at = timeOf(fault);
    const body = await ask(ours, { at: String(at), to: String(at + incidentNano) });
    if (!body) throw new Error(`${fault.id}: no answer, though the moment was given`);
    answers.push(judged(fault, body));
  }
  return answers;
}

interface Unaided {
  fault: Fault;
  offsetSeconds: number | undefined;
  answer: Answer | undefined;
}

/** Second pass: a stretch of telemetry, and nothing else. */
async function unaided(
  ours: Ours,
  faults: readonly Fault[],
  stretches: readonly Stretch[],
): Promise<Unaided[]> {
  const found: Unaided[] = [];
  for (const { fromUnixNano, toUnixNano } of stretches) {
    const body = await ask(ours, { from: String(fromUnixNano), to: String(toUnixNano) });
    const fault = faults.find(
      (one) => timeOf(one) >= fromUnixNano - withinNano && timeOf(one) <= toUnixNano + withinNano,
    );
    if (!fault) continue;
    const offset = body && Number(BigInt(body.onset.unixNano) - timeOf(fault)) / 1e9;
    found.push({ fault, offsetSeconds: offset, answer: body && judged(fault, body) });
  }
  return found;
}

/** Quiet windows in which an onset is claimed: minutes before faults, and those without any. */
async function quietIncidents(
  ours: Ours,
  faults: readonly Fault[],
  stretches: readonly Stretch[],
): Promise<{ windows: number; incidents: number }> {
  let [windows, incidents] = [0, 0];
  for (const { fromUnixNano, toUnixNano } of stretches) {
    const fault = faults.find((one) => timeOf(one) >= fromUnixNano && timeOf(one) <= toUnixNano);
    const to = fault ? timeOf(fault) : toUnixNano;
    if (to - fromUnixNano < 1_000_000_000n) continue;
    windows++;
    const query = new URLSearchParams({ from: String(fromUnixNano), to: String(to) });
    const response = await fetch(`${ours.api}/api/v1/explain?${query}`);
    if (response.status === 404) continue;
    if (!response.ok)
      throw new Error(`explain was refused with ${response.status}: ${await response.text()}`);
    const { incident } = (await response.json()) as ExplainBody;
    if (incident.confidence.tier !== 'insufficient evidence') incidents++;
  }
  return { windows, incidents };
}

/** The service whose spans became longer by the largest factor: what a dashboard sorted by latency shows. */
function naiveRanks(
  days: readonly string[],
  faults: readonly Fault[],
): { ranks: number[]; services: number } {
  const spans = days.flatMap((day) => [...readSpans(day)]);
  const services = new Set(spans.map(({ pod }) => serviceOf(pod)));
  const ranks = faults.map((fault) => {
    const at = timeOf(fault);
    const means = new Map<string, [number, number, number, number]>();
    for (const { pod, start, end } of spans) {
      if (start < at - withinNano || start >= at + incidentNano) continue;
      const own = means.get(serviceOf(pod)) ?? [0, 0, 0, 0];
      means.set(serviceOf(pod), own);
      const side = start < at ? 0 : 2;
      own[side]! += Number(end - start);
      own[side + 1]! += 1;
    }
    const ratio = ([a, n, b, m]: readonly number[]) =>
      b! / Math.max(1, m!) / (a! / Math.max(1, n!) || Infinity);
    const sorted = [...means].sort(([, a], [, b]) => ratio(b) - ratio(a));
    return sorted.findIndex(([service]) => service === fault.service) + 1;
  });
  return { ranks, services: services.size };
}

async function run(deps: BenchDeps): Promise<Findings<'rca-nezha'>> {
  const faults = readFaults(deps.settings.data).sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
  const days = daysOf(deps.settings.data!, faults);
  const built = await buildOurs(deps);
  const first = await startOurs(built, join(deps.folder, 'given'), { config }, deps);
  deps.tell('replaying the telemetry');
  const { sent, stretches } = await replay(days, `http://${first.otlp}`);
  await allKept(first, 'traces', sent.spans);
  await first.stop();
  mkdirSync(join(deps.folder, 'unaided'), { recursive: true });
  cpSync(first.store, join(deps.folder, 'unaided', 'telemetry.sqlite'));
  const ours = await startOurs(built, join(deps.folder, 'given'), { config }, deps);
  deps.tell('explaining, the moment given');
  const answers = await given(ours, faults);
  await ours.stop();
  const alone = await startOurs(built, join(deps.folder, 'unaided'), { config }, deps);
  deps.tell('explaining, unaided');
  const quiet = await quietIncidents(alone, faults, stretches);
  const without = await unaided(alone, faults, stretches);
  await alone.stop();
  return findings(answers, without, quiet, naiveRanks(days, faults), sent);
}

function findings(
  answers: readonly Answer[],
  without: readonly Unaided[],
  quiet: { windows: number; incidents: number },
  naive: { ranks: number[]; services: number },
  sent: { spans: number; logs: number; samples: number },
): Findings<'rca-nezha'> {
  const n = answers.length;
  const all = scoresOf(answers.map(({ rank }) => rank));
  const cases = answers.map(({ fault, body }) => ({
    type: fault.type,
    service: fault.service,
    answer: (body.incident.suspects ?? []).map(({ service, families }) => ({ service, families })),
  }));
  const leftOut = scoresOf(leaveOneTypeOut(cases));
  const confident = answers.filter(({ tier }) => tier === 'high');
  const isWithin = ({ offsetSeconds }: Unaided) =>
    offsetSeconds !== undefined && Math.abs(offsetSeconds) <= 60;
  const within = without.filter(isWithin);
  return {
    tables: [caseTable(answers, without), typeTable(answers, leftOut, naive)],
    notes: [
      `${sent.spans} spans, ${sent.logs} log lines and ${sent.samples} samples came in by OTLP/HTTP with their own timestamps.`,
      `${confident.length} of ${n} answers are of the highest tier.`,
      `Of ${quiet.windows} quiet windows (the labels are late by up to a minute) ${quiet.incidents} give an answer above "insufficient evidence"; told, not judged.`,
    ],
    figures: {
      faults: n,
      ...all,
      chanceAc1: 1 / naive.services,
      naiveAc1: scoresOf(naive.ranks).ac1,
      confidentRight:
        confident.length === 0 ? 0 : confident.filter(({ rank }) => rank === 1).length / confident.length,
      evidence1: answers.filter(({ evidence }) => evidence === 1).length / n,
      evidence3: answers.filter(({ evidence }) => evidence >= 1 && evidence <= 3).length / n,
      onsetWithin60s: within.length / n,
      unaidedAc1: within.filter(({ answer }) => answer?.rank === 1).length / n,
      leftOutAc1: leftOut.ac1,
      quietWindows: quiet.windows,
      quietIncidents: quiet.incidents,
    },
  };
}

function caseTable(answers: readonly Answer[], without: readonly Unaided[]): Table {
  return {
    head: [
      'fault',
      'type',
      'service',
      'rank',
      'answer',
      'tier',
      'evidence',
      'unaided: offset',
      'rank',
      'found by',
    ],
    rows: answers.map(({ fault, rank, top, score, tier, evidence }) => {
      const alone = without.find((one) => one.fault === fault);
      const offset = alone?.offsetSeconds;
      return [
        ...[
          fault.id,
          fault.type,
          fault.service,
          String(rank),
          `${top} ${score.toFixed(2)}`,
          tier,
          String(evidence),
        ],
        offset === undefined ? 'none' : `${offset.toFixed(0)} s`,
        String(alone?.answer?.rank ?? 0),
        alone?.answer?.body.onset.about.slice(0, 90) ?? '',
      ];
    }),
  };
}

function typeTable(
  answers: readonly Answer[],
  leftOut: Scores,
  naive: { ranks: number[]; services: number },
): Table {
  const row = (name: string, n: number, { ac1, ac3, ac5, avg5, mrr }: Scores) => [
    name,
    String(n),
    ...[ac1, ac3, ac5, avg5, mrr].map((value) => cell(value)),
  ];
  const types = [...Map.groupBy(answers, ({ fault }) => fault.type)].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    head: ['faults', 'n', 'AC@1', 'AC@3', 'AC@5', 'Avg@5', 'MRR'],
    rows: [
      ...types.map(([type, own]) => row(type, own.length, scoresOf(own.map(({ rank }) => rank)))),
      row('all', answers.length, scoresOf(answers.map(({ rank }) => rank))),
      row('weights of the other types', answers.length, leftOut),
      row('naive: longest by factor', answers.length, scoresOf(naive.ranks)),
      row('chance', answers.length, chance(naive.services)),
    ],
  };
}

/** What a ranking drawn by lot scores on average. */
function chance(services: number): Scores {
  const mrr = Array.from({ length: services }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b, 0) / services;
  return { ac1: 1 / services, ac3: 3 / services, ac5: 5 / services, avg5: 3 / services, mrr };
}

export const rcaNezha: Bench<'rca-nezha'> = {
  question: 'which service is it? labelled faults of a real system, the moment given and not',
  run,
};
