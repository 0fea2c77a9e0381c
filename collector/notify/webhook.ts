import { type Clock, NANOS_PER_MS, NANOS_PER_SECOND } from '../telemetry/clock.ts';
import type { Notification } from './notification.ts';
import { codeOf, type Failure, failureOf, type Request, requestOf } from './request.ts';

/** How a webhook is called, again and for how long. */
export const WEBHOOK = {
  /** Messages that wait, one an incident. */
  queue: 100,
  /** Seconds between two messages about one incident. */
  apartSeconds: 60,
  /** Attempts of one message: with the waits between them up to four minutes. */
  attempts: 10,
  backoffMs: { first: 1_000, most: 60_000 },
  /** The longest wait that an answer may ask for. */
  retryAfterSeconds: 300,
  timeoutMs: 10_000,
} as const;

type LossReason = 'refused' | 'gave-up' | 'queue-full' | 'stopped';

export interface WebhookDeps {
  clock: Clock;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** 0 to 1, so that several collectors do not come again at once. */
  random: () => number;
  /** Calls back once after so many milliseconds; the result takes it back. */
  timer: (ms: number, then: () => void) => () => void;
  /** Ends one request; by default after 10 s. */
  timeout?: () => AbortSignal;
  warn: (message: string, fields?: Record<string, unknown>) => void;
}

export interface WebhookOptions {
  /** How it is named in logs and metrics: its place in the configuration. The address is a secret. */
  name: string;
  url: string;
  render: (notification: Notification) => object;
}

interface Waiting {
  notification: Notification;
  attempts: number;
  notBefore: bigint;
}

/**
 * Sends messages to one address, one at a time. Of each incident only the newest message waits, a minute after the one before;
 * what fails is tried again, ever more slowly. Nothing of the address is logged.
 */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #deps: WebhookDeps;
  readonly #request: Request;
  readonly #waiting = new Map<string, Waiting>();
  readonly #sentAt = new Map<string, bigint>();
  readonly #lost = new Map<LossReason, number>();
  readonly #stopping = new AbortController();
  #sent = 0;
  #cancel: () => void = () => {};
  #underway: Promise<void> | undefined;

  constructor(options: WebhookOptions, deps: WebhookDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#request = requestOf(options.url);
  }

  /** What was sent, waits, and was lost, since the start. */
  counts(): { target: string; sent: number; waiting: number; lost: [reason: string, messages: number][] } {
    const waiting = this.#waiting.size + (this.#underway ? 1 : 0);
    return { target: this.#options.name, sent: this.#sent, waiting, lost: [...this.#lost] };
  }

  /** Takes a message; it replaces one of the same incident that still waits. */
  tell(notification: Notification): void {
    const { id } = notification.incident;
    const before = this.#waiting.get(id);
    if (!before && this.#waiting.size >= WEBHOOK.queue) {
      this.#lose(id, 'queue-full');
      return;
    }
    const wait = BigInt(WEBHOOK.apartSeconds) * NANOS_PER_SECOND;
    const sentAt = this.#sentAt.get(id);
    this.#waiting.set(id, {
      notification: before ? joined(before.notification, notification) : notification,
      attempts: before?.attempts ?? 0,
      notBefore: before?.notBefore ?? (sentAt === undefined ? this.#deps.clock() : sentAt + wait),
    });
    this.#plan();
  }

  /** Ends what is under way; what still waits is counted as lost. */
  async stop(): Promise<void> {
    this.#cancel();
    this.#stopping.abort();
    await this.#underway;
    for (const id of this.#waiting.keys()) this.#lose(id, 'stopped');
    this.#waiting.clear();
  }

  /** Sends what is due, or waits for what will be first. */
  #plan(): void {
    this.#cancel();
    if (this.#underway || this.#stopping.signal.aborted) return;
    const [next] = [...this.#waiting.values()].sort((a, b) => Number(a.notBefore - b.notBefore));
    if (!next) return;
    const wait = next.notBefore - this.#deps.clock();
    if (wait > 0n) {
      const ms = Number(wait / NANOS_PER_MS) + 1;
      this.#cancel = this.#deps.timer(ms, () => this.#plan());
      return;
    }
    const { id } = next.notification.incident;
    this.#waiting.delete(id);
    this.#underway = this.#deliver(id, next).finally(() => {
      this.#underway = undefined;
      this.#plan();
    });
  }

  async #deliver(id: string, waiting: Waiting): Promise<void> {
    const now = this.#deps.clock();
    this.#forget(now);
    this.#sentAt.set(id, now);
    const failure = await this.#send(waiting.notification);
    if (!failure) {
      this.#sent++;
      return;
    }
    const attempts = waiting.attempts + 1;
    if (failure.isFinal) return this.#lose(id, 'refused', failure.says);
    if (attempts >= WEBHOOK.attempts) return this.#lose(id, 'gave-up', failure.says);
    const { first, most } = WEBHOOK.backoffMs;
    const backoff = Math.min(most, first * 2 ** (attempts - 1)) * (0.5 + this.#deps.random() / 2);
    const notBefore =
      this.#deps.clock() + BigInt(Math.round(Math.max(backoff, failure.afterMs))) * NANOS_PER_MS;
    // What came meanwhile is newer; it has not been told either.
    const newer = this.#waiting.get(id)?.notification;
    const notification = newer ? joined(waiting.notification, newer) : waiting.notification;
    this.#waiting.set(id, { notification, attempts, notBefore });
  }

  async #send(notification: Notification): Promise<Failure | undefined> {
    const { fetch, timeout = () => AbortSignal.timeout(WEBHOOK.timeoutMs) } = this.#deps;
    const { url, headers } = this.#request;
    const body = JSON.stringify(this.#options.render(notification));
    const signal = AbortSignal.any([this.#stopping.signal, timeout()]);
    try {
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
      await response.body?.cancel();
      return response.ok ? undefined : failureOf(response, WEBHOOK.retryAfterSeconds);
    } catch (error) {
      return { says: codeOf(error), isFinal: false, afterMs: 0 };
    }
  }

  #lose(id: string, reason: LossReason, says = ''): void {
    this.#lost.set(reason, (this.#lost.get(reason) ?? 0) + 1);
    const message = `${this.#options.name}: a message about an incident is lost`;
    this.#deps.warn(message, { incident: id, reason, ...(says === '' ? {} : { says }) });
  }

  #forget(now: bigint): void {
    const before = now - BigInt(WEBHOOK.apartSeconds) * NANOS_PER_SECOND;
    for (const [id, at] of this.#sentAt) if (at < before) this.#sentAt.delete(id);
  }
}

/** One message for two: the newer state, told as the opening if that was not told yet. */
function joined(older: Notification, newer: Notification): Notification {
  const isOpening = older.event === 'opened' && newer.event === 'updated';
  return isOpening ? { ...newer, event: 'opened' } : newer;
}
