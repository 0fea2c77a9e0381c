import type { Store } from '../storage/store.ts';
import { type Clock, NANOS_PER_SECOND } from '../telemetry/clock.ts';
import type { RecentSpans } from '../telemetry/recent-spans.ts';
import { DETECTION, type DetectorState, detect, type Symptom } from './detection.ts';
import { type Asked, explain, incidentId } from './engine.ts';
import type { EvidenceDeps, Incident } from './incident.ts';
import { openIncidents } from './stored-incidents.ts';
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
/** One step may take this long; the next one goes on from there. */
const TICK_TIMEOUT_MS = 30_000;

export interface DetectorDeps {
  clock: Clock;
  /** Ends a step that takes too long; by default after 30 s. */
  timeout?: () => AbortSignal;
  /** Spans of the last minutes, counted as they came; all are read from the store by default. */
  recent?: RecentSpans;
  /** Told of defects that an explanation survived. */
  warn?: NonNullable<EvidenceDeps['warn']>;
}

export interface Detector {
  /**
   * Looks once; answers the incidents that opened, closed, or read differently than before. Rejects when it takes too long
   * or `stopping` is aborted.
   */
  tick(stopping?: AbortSignal): Promise<Incident[]>;
}

interface Open {
  incident: Incident;
  asked: Asked;
  explainedUnixNano: bigint;
}

/** Watches the golden signals in a store, and keeps one incident per service and onset, explained while it lasts. */
export function createDetector(store: Store, deps: DetectorDeps): Detector {
  const timeout = deps.timeout ?? (() => AbortSignal.timeout(TICK_TIMEOUT_MS));
  let state: DetectorState | undefined;
  let open: Map<string, Open> | undefined;
  const weights = new WeightMemory();
  const ask = (asked: Asked, signal: AbortSignal): Promise<Incident> =>
    explain(asked, store, { clock: deps.clock, signal, ...(deps.warn ? { warn: deps.warn } : {}) });

  const save = async (incident: Incident): Promise<void> => {
    const bytes = Buffer.from(JSON.stringify(incident));
    await store.put('incident', { id: incident.id, timeUnixNano: BigInt(incident.onsetUnixNano), bytes });
  };

  /** Explains anew and stores; the id and when it opened stay. */
  const update = async (entry: Open, until: bigint, signal: AbortSignal): Promise<Incident> => {
    entry.asked = { ...entry.asked, incident: { ...entry.asked.incident, toUnixNano: until } };
    const explained = await ask(entry.asked, signal);
    const { id, openedUnixNano } = entry.incident;
    const incident: Incident = { ...explained, id, openedUnixNano };
    entry.incident = incident;
    entry.explainedUnixNano = deps.clock();
    await save(incident);
    return incident;
  };

  const close = async (entry: Open): Promise<Incident> => {
    const now = String(deps.clock());
    const incident: Incident = {
      ...entry.incident,
      state: 'closed',
      updatedUnixNano: now,
      closedUnixNano: now,
    };
    await save(incident);
    return incident;
  };

  return {
    async tick(stopping) {
      const signal = stopping ? AbortSignal.any([timeout(), stopping]) : timeout();
      const now = deps.clock();
      open ??= await restore(store);
      const oldest = [...open.values()].reduce<bigint | undefined>(
        (a, { asked }) =>
          a === undefined || asked.baseline.fromUnixNano < a ? asked.baseline.fromUnixNano : a,
        undefined,
      );
      const { clock, recent } = deps;
      const looked = await detect(
        store,
        { clock, signal, weights, ...(recent ? { recent } : {}) },
        state,
        oldest,
      );
      state = looked.state;
      const changed: Incident[] = [];
      for (const asked of unexplained(looked.symptoms, [...open.values()])) {
        const stub = { id: incidentId(asked), openedUnixNano: String(now) } as const;
        const entry: Open = {
          asked,
          explainedUnixNano: now,
          incident: { ...(await ask(asked, signal)), ...stub },
        };
        await save(entry.incident);
        open.set(entry.incident.id, entry);
        changed.push(entry.incident);
      }
      for (const entry of [...open.values()]) {
        const lasting = looked.symptoms.filter((symptom) => belongs(symptom, entry));
        const before = entry.incident;
        if (lasting.length === 0) {
          open.delete(before.id);
          changed.push(await close(entry));
        } else if (now - entry.explainedUnixNano >= BigInt(EXPLAIN_EVERY_SECONDS) * NANOS_PER_SECOND) {
          const after = await update(entry, untilOf(lasting, now), signal);
          if (headline(after) !== headline(before)) changed.push(after);
        }
      }
      return changed;
    },
  };
}

/** What an operator is told again when it changes: cause and confidence, not every new figure. */
function headline({ title, confidence }: Incident): string {
  return `${title.replace(/[\d.,]+/g, '')} ${confidence.tier}`;
}

/** The incidents that were open when the collector stopped. */
async function restore(store: Store): Promise<Map<string, Open>> {
  const stored = await openIncidents(store);
  return new Map(
    stored.map((incident) => {
      const { service, method, route, signal } = incident;
      const asked: Asked = {
        ...{ service, method, route, signal },
        onsetUnixNano: BigInt(incident.onsetUnixNano),
        incident: range(incident.incident),
        baseline: range(incident.baseline),
      };
      return [incident.id, { incident, asked, explainedUnixNano: BigInt(incident.updatedUnixNano) }];
    }),
  );
}

function range(text: { fromUnixNano: string; toUnixNano: string }) {
  return { fromUnixNano: BigInt(text.fromUnixNano), toUnixNano: BigInt(text.toUnixNano) };
}

/** Is a symptom part of an incident: the same signal of the same route, or begun with it in the same service? */
function belongs(symptom: Symptom, { asked }: Pick<Open, 'asked'>): boolean {
  if (symptom.service !== asked.service) return false;
  const distance = Number(symptom.onsetUnixNano - asked.onsetUnixNano) / Number(NANOS_PER_SECOND);
  const same =
    symptom.route === asked.route && symptom.method === asked.method && symptom.signal === asked.signal;
  return same || Math.abs(distance) <= GROUP_SECONDS;
}

/** Until when an incident is looked at: now, or the last bad window when it already recovers. */
function untilOf(lasting: readonly Symptom[], now: bigint): bigint {
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
