// One sender of numbered requests that notes what was acknowledged.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** What a sender knows of its requests, by their numbers. */
export interface Ledger {
  acknowledged: boolean[];
  /** How often the request may have been taken in: sent, and either acknowledged or left without an answer. */
  attempts: number[];
}

export interface SenderOptions {
  port: number;
  path: '/v1/traces' | '/v1/logs' | '/v1/metrics';
  /** After a request without an answer: send it again until it is acknowledged, or go on with the next one. */
  repeats: boolean;
  pauseMs: number;
  body(n: number): Uint8Array;
}

const DOWN_MS = 25;
const ANSWER_MS = 20_000;

type Answer = 'acknowledged' | 'refused for now' | 'not reached' | 'unknown';

/** Sends requests 0, 1, 2 … one after the other, until `stop` is called and the one under way is settled. */
export class Sender {
  readonly ledger: Ledger = { acknowledged: [], attempts: [] };
  readonly #options: SenderOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #stopped = false;
  readonly done: Promise<void>;
  /** The first answer that no collector should give. */
  problem: string | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.done = this.#run();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    const { acknowledged, attempts } = this.ledger;
    for (let n = 0; !this.#stopped; n++) {
      const body = this.#options.body(n);
      acknowledged[n] = false;
      attempts[n] = 0;
      for (;;) {
        const answer = await this.#send(body, n % 2 === 1);
        if (answer === 'acknowledged' || answer === 'unknown') attempts[n]!++;
        if (answer === 'acknowledged') acknowledged[n] = true;
        if (acknowledged[n] || (answer === 'unknown' && !this.#options.repeats)) break;
        // A request that is known not to be stored may come again, or be the last one.
        if (this.#stopped && answer !== 'unknown') break;
        await sleep(DOWN_MS);
      }
      await sleep(this.#options.pauseMs);
    }
    this.#agent.destroy();
  }

  #send(body: Uint8Array, gzip: boolean): Promise<Answer> {
    const { port, path } = this.#options;
    const headers = {
      'content-type': 'application/x-protobuf',
      ...(gzip && { 'content-encoding': 'gzip' }),
    };
    return new Promise((resolve) => {
      const post = request(
        { host: '127.0.0.1', port, path, method: 'POST', headers, agent: this.#agent, timeout: ANSWER_MS },
        (response) => {
          const status = response.statusCode ?? 0;
          response.resume();
          // The head of the answer is the acknowledgement, whether or not its body still arrives.
          if (status === 200) resolve('acknowledged');
          else if (status === 503 || status === 429) resolve('refused for now');
          else {
            this.problem ??= `${path} was answered with ${status}`;
            resolve('unknown');
          }
        },
      );
      post.on('timeout', () => post.destroy(new Error('no answer')));
      post.on('error', (error: NodeJS.ErrnoException) =>
        resolve(error.code === 'ECONNREFUSED' ? 'not reached' : 'unknown'),
      );
      post.end(gzip ? gzipSync(body, { level: 1 }) : body);
    });
  }
}
