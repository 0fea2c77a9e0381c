import type { Store } from '../storage/store.ts';
import { type Clock, NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { type Asked, explain, incidentId } from './engine.ts';
import type { BudgetCost, EvidenceDeps, Incident } from './incident.ts';
import { KeptRankings } from './kept-rankings.ts';
import { openIncidents } from './stored-incidents.ts';
import { rankOf } from './suspects.ts';

export interface OpenIncidentDeps {
  clock: Clock;
  /** What a closed incident took of the error budgets of its route, until the moment it was bad last; nothing is told by default. */
  costOf?: (incident: Incident, endUnixNano: bigint) => Promise<BudgetCost[]>;
  /** Told at once of each incident that opens, closes, or was open when the collector stopped; must not wait or throw. */
  observe?: (incident: Incident, what: 'opened' | 'restored' | 'closed') => void;
  /** Told of defects that an explanation survived. */
  warn?: NonNullable<EvidenceDeps['warn']>;
}

/** An incident that lasts, and what it is explained by. */
export interface Open {
  incident: Incident;
  asked: Asked;
  explainedUnixNano: bigint;
  /** End of the newest bad window that was seen. */
  lastBadUnixNano: bigint;
  /** Onset and quiet time are an alert's guess: golden signals that the detector finds broken will tell better. */
  guessed: boolean;
}

/** The incidents that last: read from the store once, and written there with every change. */
export class OpenIncidents {
  readonly #store: Store;
  readonly #deps: OpenIncidentDeps;
  readonly #ranked = new KeptRankings();
  #open: Map<string, Open> | undefined;

  constructor(store: Store, deps: OpenIncidentDeps) {
    this.#store = store;
    this.#deps = deps;
  }

  /** All that last; the first time, those that were open when the collector stopped. */
  async all(): Promise<Open[]> {
    if (!this.#open) {
      const stored = await openIncidents(this.#store);
      this.#open = new Map(stored.map((one) => [one.id, restored(one)]));
      for (const incident of stored) this.#deps.observe?.(incident, 'restored');
    }
    return [...this.#open.values()];
  }

  /** Explains a question and opens its incident. */
  async open(asked: Asked, more: Partial<Incident>, signal: AbortSignal): Promise<Incident> {
    const now = this.#deps.clock();
    await this.all();
    const explained = await this.#explain(asked, signal);
    // The same moment in both tells that it was only just opened.
    const times = { openedUnixNano: String(now), updatedUnixNano: String(now) };
    const incident: Incident = { ...explained, id: incidentId(asked), ...times, ...more };
    const lastBadUnixNano = asked.incident.toUnixNano;
    await this.#save(incident);
    this.#deps.observe?.(incident, 'opened');
    const guessed = more.openedBy === 'alert';
    this.#open?.set(incident.id, { asked, explainedUnixNano: now, incident, lastBadUnixNano, guessed });
    return incident;
  }

  /** Explains anew and stores; the id, what opened it and when stay. */
  async update(entry: Open, until: bigint, signal: AbortSignal): Promise<Incident> {
    entry.asked = { ...entry.asked, incident: { ...entry.asked.incident, toUnixNano: until } };
    const explained = await this.#explain(entry.asked, signal);
    const { id, openedUnixNano, openedBy, alerts } = entry.incident;
    entry.explainedUnixNano = this.#deps.clock();
    return this.change(entry, {
      ...explained,
      ...{ id, openedUnixNano },
      ...(openedBy ? { openedBy } : {}),
      ...(alerts ? { alerts } : {}),
    });
  }

  /** Stores what was learned of it without asking the evidence again. */
  async change(entry: Open, incident: Incident): Promise<Incident> {
    entry.incident = incident;
    await this.#save(incident);
    return incident;
  }

  /** Ends it, with how long it was bad and what that cost. */
  async close(entry: Open): Promise<Incident> {
    const now = String(this.#deps.clock());
    const { lastBadUnixNano } = entry;
    const onset = BigInt(entry.incident.onsetUnixNano);
    const budgetCost = await this.#cost(entry.incident, lastBadUnixNano);
    const incident: Incident = {
      ...entry.incident,
      ...{ state: 'closed', updatedUnixNano: now, closedUnixNano: now },
      durationSeconds: Math.max(0, Number(lastBadUnixNano - onset) / Number(NANOS_PER_SECOND)),
      ...(budgetCost.length > 0 ? { budgetCost } : {}),
    };
    await this.#save(incident);
    this.#open?.delete(incident.id);
    this.#deps.observe?.(incident, 'closed');
    return incident;
  }

  /** An incident closes without its cost rather than not at all. */
  async #cost(incident: Incident, end: bigint): Promise<BudgetCost[]> {
    try {
      return (await this.#deps.costOf?.(incident, end)) ?? [];
    } catch (error) {
      this.#deps.warn?.('the budget cost of an incident is not known', { incident: incident.id, error });
      return [];
    }
  }

  #explain(asked: Asked, signal: AbortSignal): Promise<Incident> {
    const { clock, warn } = this.#deps;
    const rank: NonNullable<EvidenceDeps['rank']> = (question) =>
      this.#ranked.of(question, () => rankOf(question, this.#store, { signal }));
    return explain(asked, this.#store, { clock, signal, rank, ...(warn ? { warn } : {}) });
  }

  async #save(incident: Incident): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(incident));
    const timeUnixNano = BigInt(incident.onsetUnixNano);
    await this.#store.put('incident', { id: incident.id, timeUnixNano, bytes });
  }
}

function restored(incident: Incident): Open {
  const { service, method, route, signal } = incident;
  const asked: Asked = {
    ...{ service, method, route, signal },
    onsetUnixNano: BigInt(incident.onsetUnixNano),
    incident: range(incident.incident),
    baseline: range(incident.baseline),
  };
  const explainedUnixNano = BigInt(incident.updatedUnixNano);
  const guessed = incident.openedBy === 'alert';
  return { incident, asked, explainedUnixNano, lastBadUnixNano: asked.incident.toUnixNano, guessed };
}

function range(text: { fromUnixNano: string; toUnixNano: string }) {
  return { fromUnixNano: BigInt(text.fromUnixNano), toUnixNano: BigInt(text.toUnixNano) };
}
