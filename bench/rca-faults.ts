// Does the engine name the cause of faults that are made on emitted services with real clients and servers? Each case has a
// stack of its own and minutes of quiet traffic before its fault; the clock runs from the moment the first incident opens.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IncidentsBody } from '../collector/api/types.ts';
import type { Incident } from '../collector/correlate/incident.ts';
import { isFree } from '../demo/ports.ts';
import { sleep } from '../demo/wait.ts';
import { ensureTool } from '../test/helpers/tools.ts';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { buildOurs, type Ours } from './collector/ours.ts';
import { CASES, type FaultCase } from './rca/cases.ts';
import { type Judged, judge, type Look, settled } from './rca/judge.ts';
import { buildServices } from './rca/services.ts';
import { type Parts, type Stack, startStack } from './rca/stack.ts';
import { cell, type Table } from './report.ts';

/** Quiet traffic before a fault: the guard of a minute, and two minutes to compare with. */
const QUIET_MS = 200_000;
/** An incident that opened before the fault may last this long. */
const CLOSES_WITHIN_MS = 600_000;
/** An incident must open within this after the fault. */
const OPENS_WITHIN_MS = 150_000;
/** The incident is looked at for this long after it opened; what is right must stay right. */
const LOOKED_MS = 60_000;
const POLL_MS = 1000;
/** Linux takes ports for outgoing connections from 32768 on: a port below is still free when a service starts. */
const PORTS = { from: 20_000, to: 30_000 };
/** Cases that run at the same time: each is idle most of the time. */
const LANES = 4;

interface Answer extends Judged {
  about: FaultCase;
  /** From the fault until the first incident opened. */
  openedSeconds: number | undefined;
  /** From there until cause and evidence were right for good. */
  seconds: number | undefined;
  incident: Incident | undefined;
  /** Incidents that opened before the fault, or beside the first one. */
  before: number;
  beside: number;
}

async function get<T>(ours: Ours, path: string): Promise<T> {
  const response = await fetch(ours.api + path);
  if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

const opened = ({ openedUnixNano }: Pick<Incident, 'openedUnixNano'>) =>
  Number(BigInt(openedUnixNano) / 1_000_000n);

/** Incidents in full, the one that opened first foremost; `known` ones are left out. */
async function incidentsOf(ours: Ours, known: ReadonlySet<string> = new Set()): Promise<Incident[]> {
  const { incidents } = await get<IncidentsBody>(ours, '/api/v1/incidents');
  const fresh = incidents.filter(({ id }) => !known.has(id));
  const whole = await Promise.all(fresh.map(({ id }) => get<Incident>(ours, `/api/v1/incidents/${id}`)));
  return whole.toSorted((a, b) => opened(a) - opened(b));
}

async function runCase(about: FaultCase, parts: Parts, deps: BenchDeps): Promise<Answer> {
  const folder = join(deps.folder, about.name);
  const stack = await startStack(folder, about.stack ?? {}, parts, deps);
  try {
    return await Promise.race([watch(about, stack, deps), stack.died]);
  } finally {
    await stack.stop();
    const kept = deps.settings.profile;
    if (kept !== undefined) {
      mkdirSync(kept, { recursive: true });
      cpSync(stack.ours.store, join(kept, `${about.name}.sqlite`));
    }
  }
}

async function watch(about: FaultCase, stack: Stack, deps: BenchDeps): Promise<Answer> {
  const { ours } = stack;
  await pause(QUIET_MS, deps);
  await untilQuiet(ours, deps);
  const known = new Set((await incidentsOf(ours)).map(({ id }) => id));
  deps.tell(`${about.name}: ${about.fault}`);
  const injectedMs = Date.now();
  await about.inject(stack);
  const fresh = () => incidentsOf(ours, known);
  const first = await firstOf(fresh, injectedMs + OPENS_WITHIN_MS, deps);
  const none = { about, before: known.size, beside: 0, incident: undefined, seconds: undefined };
  if (!first) return { ...none, rank1: false, evidence: false, openedSeconds: undefined };
  const looks: Look[] = [];
  let incident: Incident | undefined;
  for (;;) {
    incident = await get<Incident>(ours, `/api/v1/incidents/${first.id}`);
    const atSeconds = (Date.now() - opened(first)) / 1000;
    looks.push({ ...judge(incident, about.right), atSeconds });
    if (atSeconds * 1000 >= LOOKED_MS) break;
    await pause(POLL_MS, deps);
  }
  await keep(about, ours, await fresh(), deps);
  const openedSeconds = (opened(first) - injectedMs) / 1000;
  const beside = (await fresh()).length - 1;
  return { ...none, ...settled(looks), incident, openedSeconds, beside };
}

/** Waits for incidents to close that the machine's other work opened: a fault would only be added to them. */
async function untilQuiet(ours: Ours, deps: BenchDeps): Promise<void> {
  const deadline = Date.now() + CLOSES_WITHIN_MS;
  const isOpen = async () => (await incidentsOf(ours)).some(({ state }) => state === 'open');
  while (Date.now() < deadline && (await isOpen())) await pause(POLL_MS, deps);
}

async function firstOf<T>(
  ask: () => Promise<readonly T[]>,
  deadlineMs: number,
  deps: BenchDeps,
): Promise<T | undefined> {
  while (Date.now() < deadlineMs) {
    const [first] = await ask();
    if (first) return first;
    await pause(POLL_MS, deps);
  }
  return undefined;
}

async function pause(ms: number, { signal }: BenchDeps): Promise<void> {
  const until = Date.now() + ms;
  for (let left = ms; left > 0; left = until - Date.now()) {
    signal.throwIfAborted();
    await sleep(Math.min(left, POLL_MS));
  }
}

/** Where a person asked for it, the incidents of a case stay as text and JSON. */
async function keep(
  about: FaultCase,
  ours: Ours,
  incidents: readonly Incident[],
  { settings: { profile: folder } }: BenchDeps,
): Promise<void> {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  for (const [i, incident] of incidents.entries()) {
    const name = join(folder, `${about.name}-${i + 1}`);
    const text = await fetch(`${ours.api}/api/v1/incidents/${incident.id}?format=text`);
    writeFileSync(`${name}.txt`, await text.text());
    writeFileSync(`${name}.json`, JSON.stringify(incident, null, 1));
  }
}

/** Gives free ports, each once, from below those that outgoing connections take. */
function portsFrom(first: number): () => Promise<number> {
  let next = first;
  return async () => {
    // Moved on before it is looked at: several ask at the same time.
    for (let port = next++; ; port = next++) if (await isFree(port)) return port;
  };
}

/** Runs the cases, some beside each other; those that must be alone come last. */
async function runAll(cases: readonly FaultCase[], parts: Parts, deps: BenchDeps): Promise<Answer[]> {
  const answers = new Map<FaultCase, Answer>();
  const waiting = cases.filter(({ alone }) => !alone);
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      answers.set(next, await runCase(next, parts, deps));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const next of cases.filter(({ alone }) => alone)) answers.set(next, await runCase(next, parts, deps));
  return cases.flatMap((one) => answers.get(one) ?? []);
}

/** @throws Error when no case has the name */
function chosen(name: string | undefined): readonly FaultCase[] {
  const names = name?.split(',') ?? CASES.map((one) => one.name);
  const unknown = names.find((wanted) => !CASES.some((one) => one.name === wanted));
  if (unknown !== undefined)
    throw new Error(`there is no case ${unknown}; there are ${CASES.map((one) => one.name).join(', ')}`);
  return CASES.filter((one) => names.includes(one.name));
}

async function run(deps: BenchDeps): Promise<Findings<'rca-faults'>> {
  const cases = chosen(deps.settings.case);
  const tools = { redisServer: ensureTool('redis-server'), postgres: ensureTool('postgres') };
  deps.tell('emitting and building the services');
  const binaries = await buildServices(deps);
  const collector = await buildOurs(deps);
  // Another run on this machine should begin elsewhere.
  const port = portsFrom(PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from)));
  return findings(await runAll(cases, { ...tools, binaries, collector, port }, deps));
}

function findings(answers: readonly Answer[]): Findings<'rca-faults'> {
  const share = (is: (answer: Answer) => boolean) => answers.filter(is).length / answers.length;
  const seconds = answers.map((answer) => answer.seconds);
  const slowest = seconds.some((one) => one === undefined)
    ? null
    : Math.max(...seconds.map((one) => one ?? 0));
  const early = answers.filter(({ before }) => before > 0).map(({ about }) => about.name);
  return {
    tables: [caseTable(answers)],
    notes: [
      `Each case had ${QUIET_MS / 1000} s of quiet traffic, of which the collector sees every trace; scrapes every 5 s.`,
      'Right at the end of a minute after the first incident opened; seconds: since when without a break.',
      ...(early.length > 0
        ? [`Incidents opened before the fault in ${early.join(', ')}; they are not judged.`]
        : []),
      ...(slowest === null ? ['worstSeconds is not measured: a case was never right.'] : []),
    ],
    figures: {
      faults: answers.length,
      rank1: share(({ rank1 }) => rank1),
      evidence: share(({ evidence }) => evidence),
      worstSeconds: slowest,
    },
  };
}

function caseTable(answers: readonly Answer[]): Table {
  const yes = (is: boolean) => (is ? 'yes' : 'NO');
  return {
    head: ['case', 'opened after', 'right after', 'cause', 'evidence', 'tier', 'others', 'title'],
    rows: answers.map(({ about, openedSeconds, seconds, rank1, evidence, incident, beside }) => [
      about.name,
      openedSeconds === undefined ? 'never' : `${cell(Math.round(openedSeconds))} s`,
      seconds === undefined ? 'never' : `${cell(Math.round(seconds))} s`,
      yes(rank1),
      yes(evidence),
      incident?.confidence.tier ?? '',
      String(beside),
      incident?.title ?? '',
    ]),
  };
}

export const rcaFaults: Bench<'rca-faults'> = {
  question: 'which cause is it? faults on emitted services with real clients, as they happen',
  run,
};
