import type { Store } from '../storage/store.ts';
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import type { RecentSpans } from '../telemetry/recent-spans.ts';
import { createAlertIntake } from './alert-intake.ts';
import { type AlertTaken, type AskedAlert, isHeldOpen, LATE_SECONDS } from './alerts.ts';
import { DETECTION, type DetectorState, detect, type Symptom } from './detection.ts';
import type { Asked } from './engine.ts';
import type { Incident } from './incident.ts';
import { type Open, type OpenIncidentDeps, OpenIncidents } from './open-incidents.ts';
import { keepExplained } from './stored-incidents.ts';
import { WeightMemory } from './weights.ts';

/** An open incident is explained again this often: evidence grows, and an explanation reads thousands of records. */
const EXPLAIN_EVERY_SECONDS = 15;
/** Symptoms of one service that begin this close together have one cause, and one incident. */
const GROUP_SECONDS = 180;
/** The quiet window ends this long before the onset: bad requests may begin up to a minute before it is seen. */
const GUARD_SECONDS = 60;
/** With little history, at most this part of it is given up for the guard. */
const GUARD_PART = 4n;
/** A failed request harms more than a slow one, and most failed ones are slow as well. */
const ERRORS_WEIGH = 1.25;
/** What only an alert holds open is explained anew for this long: what is asked grows with every look, and tells no more. */
const HELD_SECONDS = 600;
/** One step may take this long; the next one goes on from there. */
const TICK_TIMEOUT_MS = 30_000;

export interface DetectorDeps extends OpenIncidentDeps {
  /** Ends a step that takes too long; by default after 30 s. */
  timeout?: () => AbortSignal;
  /** Spans of the last minutes, counted as they came; all are read from the store by default. */
  recent?: RecentSpans;
}

export interface Detector {
  /**
   * Looks once; answers the incidents that opened, closed, or read differently than before. Rejects when it takes too long
   * or `stopping` is aborted: the next look then answers what this one changed.
   */
  tick(stopping?: AbortSignal): Promise<Incident[]>;
  /**
   * Takes an alert of another system, between two looks: opens an incident, adds to one that lasts, or says why neither. What
   * an alert opened stays open until it is resolved and the golden signals are as usual.
   */
  takeAlert(alert: AskedAlert, stopping?: AbortSignal): Promise<AlertTaken>;
  /** Keeps an incident that was explained on demand, between two looks: one that lasts has its explanation renewed. */
  keep(explained: Incident): Promise<Incident>;
}

/** Watches the golden signals in a store, and keeps one incident per service and onset, explained while it lasts. */
export function createDetector(store: Store, deps: DetectorDeps): Detector {
  const timeout = deps.timeout ?? (() => AbortSignal.timeout(TICK_TIMEOUT_MS));
  let state: DetectorState | undefined;
  const { clock, recent } = deps;
  const open = new OpenIncidents(store, deps);
  const takeAlert = createAlertIntake(store, open, deps);
  const weights = new WeightMemory();
  const alone = oneAtATime();

  /** Not answered yet: a look that ends early must not keep what it opened and closed to itself. */
  const changed: Incident[] = [];
  const look = async (signal: AbortSignal): Promise<Incident[]> => {
    const now = clock();
    const before = await open.all();
    const read = { clock, signal, weights, ...(recent ? { recent } : {}) };
    const looked = await detect(store, read, state, oldestBaseline(before));
    state = looked.state;
    for (const asked of unexplained(looked.symptoms, before))
      changed.push(await open.open(asked, {}, signal));
    for (const entry of await open.all()) {
      const incident = await lookAfter(
        entry,
        looked.symptoms.filter((symptom) => belongs(symptom, entry)),
        now,
        signal,
      );
      if (incident) changed.push(incident);
    }
    return changed.splice(0);
  };

  /** Closes an incident or explains it again; answers it when an operator is to be told. */
  const lookAfter = async (entry: Open, lasting: readonly Symptom[], now: bigint, signal: AbortSignal) => {
    const { incident } = entry;
    for (const { lastBadUnixNano } of lasting)
      if (lastBadUnixNano > entry.lastBadUnixNano) entry.lastBadUnixNano = lastBadUnixNano;
    if (lasting.length === 0 && !isHeldOpen(incident, now)) return open.close(entry);
    const measured = entry.guessed ? closest(lasting, entry) : undefined;
    if (measured) {
      const { onsetUnixNano, incident: bad, baseline } = questionOf(measured);
      entry.asked = { ...entry.asked, onsetUnixNano, incident: bad, baseline };
      entry.guessed = false;
      return open.update(entry, untilOf(lasting, now), signal);
    }
    const held = now - entry.asked.onsetUnixNano > BigInt(HELD_SECONDS) * NANOS_PER_SECOND;
    if (lasting.length === 0 && held) return undefined;
    if (now - entry.explainedUnixNano < BigInt(EXPLAIN_EVERY_SECONDS) * NANOS_PER_SECOND) return undefined;
    const after = await open.update(entry, untilOf(lasting, now), signal);
    return headline(after) === headline(incident) ? undefined : after;
  };

  const bounded = (stopping: AbortSignal | undefined) =>
    stopping ? AbortSignal.any([timeout(), stopping]) : timeout();
  return {
    tick: (stopping) => alone(() => look(bounded(stopping))),
    takeAlert: (alert, stopping) => alone(() => takeAlert(alert, bounded(stopping))),
    keep: (explained) =>
      alone(async () => {
        const kept = await keepExplained(store, explained);
        const entry = (await open.all()).find(({ incident }) => incident.id === kept.id);
        if (entry) entry.incident = kept;
        return kept;
      }),
  };
}

/** Runs what it is given one after the other, in the order in which it came. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}

function oldestBaseline(open: readonly Open[]): bigint | undefined {
  return open.reduce<bigint | undefined>(
    (oldest, { asked: { baseline } }) =>
      oldest === undefined || baseline.fromUnixNano < oldest ? baseline.fromUnixNano : oldest,
    undefined,
  );
}

/** What an operator is told again when it changes: cause and confidence, not every new figure. */
function headline({ title, confidence }: Incident): string {
  return `${title.replace(/[\d.,]+/g, '')} ${confidence.tier}`;
}

/** Is a symptom part of an incident: the same signal of the same route, or begun with it in the same service? */
function belongs(symptom: Symptom, { asked, guessed }: Pick<Open, 'asked'> & Partial<Open>): boolean {
  if (symptom.service !== asked.service) return false;
  const distance = Number(symptom.onsetUnixNano - asked.onsetUnixNano) / Number(NANOS_PER_SECOND);
  const earlier = guessed ? LATE_SECONDS : GROUP_SECONDS;
  return sameness(symptom, asked) === 2 || (distance <= GROUP_SECONDS && distance >= -earlier);
}

/** 2 for the same signal of the same route, 1 for another signal of it, 0 for another route. */
function sameness(symptom: Symptom, asked: Asked): number {
  if (symptom.route !== asked.route || symptom.method !== asked.method) return 0;
  return symptom.signal === asked.signal ? 2 : 1;
}

/** The symptom that tells best when an incident began: the most alike, the worst of those. */
function closest(lasting: readonly Symptom[], { asked }: Open): Symptom | undefined {
  return lasting.toSorted((a, b) => sameness(b, asked) - sameness(a, asked) || b.score - a.score)[0];
}

/** Until when an incident is looked at: now, or the last bad window when it already recovers. */
function untilOf(lasting: readonly Symptom[], now: bigint): bigint {
  if (lasting.length === 0) return now;
  const last = lasting.reduce(
    (a, symptom) => (symptom.lastBadUnixNano > a ? symptom.lastBadUnixNano : a),
    0n,
  );
  return now - last > 30n * NANOS_PER_SECOND ? last : now;
}

/** New questions: of symptoms that no open incident covers, the worst of each service and onset. */
function unexplained(symptoms: readonly Symptom[], open: readonly Open[]): Asked[] {
  const asked: Asked[] = [];
  const harm = ({ score, signal }: Symptom) => score * (signal === 'errors' ? ERRORS_WEIGH : 1);
  const worstFirst = symptoms.toSorted(
    (a, b) => harm(b) - harm(a) || Number(a.onsetUnixNano - b.onsetUnixNano),
  );
  for (const symptom of worstFirst) {
    const covering = [...open, ...asked.map((question) => ({ asked: question }))];
    if (!covering.some((entry) => belongs(symptom, entry))) asked.push(questionOf(symptom));
  }
  return asked;
}

function questionOf(symptom: Symptom): Asked {
  const { service, method, route, signal, onsetUnixNano, lastBadUnixNano, quietFromUnixNano } = symptom;
  const history = BigInt(DETECTION.historySeconds) * NANOS_PER_SECOND;
  const from = quietFromUnixNano > onsetUnixNano - history ? quietFromUnixNano : onsetUnixNano - history;
  const part = (onsetUnixNano - from) / GUARD_PART;
  const full = BigInt(GUARD_SECONDS) * NANOS_PER_SECOND;
  const guard = part < full ? part : full;
  return {
    ...{ service, method, route, signal, onsetUnixNano },
    incident: { fromUnixNano: onsetUnixNano, toUnixNano: lastBadUnixNano },
    baseline: { fromUnixNano: from, toUnixNano: onsetUnixNano - guard },
  };
}
