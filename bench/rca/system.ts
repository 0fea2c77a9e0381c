// A system of a dozen services under traffic, made by seed: spans and log lines as OTLP/JSON, with one fault at its end.
import { createHash } from 'node:crypto';

const services = [
  'gateway',
  'orders',
  'carts',
  'users',
  'prices',
  'stock',
  'mail',
  'search',
  'payments',
  'ships',
];
/** Who calls whom, for one request each. */
const chains = [
  [0, 1, 4, 5],
  [0, 1, 8, 3],
  [0, 2, 4],
  [0, 7, 5],
  [0, 1, 9, 6],
];
const minutes = 30;
const faultNano = 150_000_000_000n;
/** The service that fails at the end: its own code becomes slow, and writes what it never wrote. */
export const faultyService = 'prices';

/** One request body of both signals, and how many records it has. */
export interface Portion {
  traces: object;
  logs: object;
  spans: number;
  lines: number;
}

/** When the fault begins, in a system that ends at `end`. */
export function onsetOf(end: bigint): bigint {
  return end - faultNano;
}

/** Portions in order of time, until there are at least `spans` spans; half as many log lines. */
export function* systemPortions(spans: number, end: bigint): Generator<Portion> {
  const perTrace = chains.reduce((sum, chain) => sum + spansOf(chain), 0) / chains.length;
  const traces = Math.ceil(spans / perTrace);
  const random = seeded(7);
  const each = (BigInt(minutes) * 60_000_000_000n) / BigInt(traces);
  let portion = new Portioned();
  for (let n = 0; n < traces; n++) {
    const start = end - BigInt(traces - n) * each;
    portion.addTrace(n, chains[n % chains.length]!, start, start >= onsetOf(end), random);
    if (portion.spans >= 4000) {
      yield portion.done();
      portion = new Portioned();
    }
  }
  if (portion.spans > 0) yield portion.done();
}

/** Per hop: the caller's client span, the callee's server span, one of its own functions. */
function spansOf(chain: readonly number[]): number {
  return chain.length * 3 - 1;
}

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
const resource = (service: number) => ({ attributes: [text('service.name', services[service]!)] });
const id = (seed: string, bytes: number) =>
  createHash('md5')
    .update(seed)
    .digest('hex')
    .slice(0, bytes * 2);

class Portioned {
  readonly #spans = new Map<number, object[]>();
  readonly #lines = new Map<number, object[]>();
  spans = 0;
  lines = 0;

  addTrace(
    n: number,
    chain: readonly number[],
    start: bigint,
    isFaulty: boolean,
    random: () => number,
  ): void {
    const traceId = id(`trace ${n}`, 16);
    let parent = '';
    let left = (120 + random() * 80) * (isFaulty && chain.includes(4) ? 2 : 1);
    let at = start;
    for (const [hop, service] of chain.entries()) {
      const server = id(`${n} ${hop} server`, 8);
      this.#span(service, traceId, server, parent, 2, `GET /${services[service]}/{id}`, at, left);
      this.#span(service, traceId, id(`${n} ${hop} own`, 8), server, 1, 'work', at, left * 0.2);
      this.#line(
        service,
        traceId,
        server,
        at,
        9,
        `${services[service]}/handler.go:${40 + hop}`,
        'handled request',
      );
      if (isFaulty && service === 4)
        this.#line(service, traceId, server, at, 17, 'prices/table.go:88', 'price table is being rebuilt');
      else if ((n + hop) % 3 === 0)
        this.#line(service, traceId, server, at, 9, `${services[service]}/store.go:${17 + hop}`, 'read row');
      const next = chain[hop + 1];
      if (next === undefined) break;
      parent = id(`${n} ${hop} client`, 8);
      at += BigInt(Math.round(left * 0.2 * 1e6));
      left *= 0.75;
      this.#span(service, traceId, parent, server, 3, `call ${services[next]}`, at, left);
      at += BigInt(Math.round((1 + random()) * 1e6));
      left -= 3;
    }
  }

  done(): Portion {
    return {
      traces: {
        resourceSpans: [...this.#spans].map(([service, spans]) => ({
          resource: resource(service),
          scopeSpans: [{ scope: { name: 'system' }, spans }],
        })),
      },
      logs: {
        resourceLogs: [...this.#lines].map(([service, logRecords]) => ({
          resource: resource(service),
          scopeLogs: [{ scope: { name: 'system' }, logRecords }],
        })),
      },
      spans: this.spans,
      lines: this.lines,
    };
  }

  #span(
    service: number,
    traceId: string,
    spanId: string,
    parentSpanId: string,
    kind: number,
    name: string,
    start: bigint,
    ms: number,
  ): void {
    append(this.#spans, service, {
      ...{ traceId, spanId, name, kind },
      ...(parentSpanId === '' ? {} : { parentSpanId }),
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(start + BigInt(Math.round(ms * 1e6))),
      attributes: kind === 2 ? [text('http.route', name.slice(4)), text('http.request.method', 'GET')] : [],
    });
    this.spans++;
  }

  #line(
    service: number,
    traceId: string,
    spanId: string,
    time: bigint,
    severityNumber: number,
    caller: string,
    message: string,
  ): void {
    append(this.#lines, service, {
      ...{ traceId, spanId, severityNumber },
      timeUnixNano: String(time),
      body: { stringValue: message },
      attributes: [text('caller', caller)],
    });
    this.lines++;
  }
}

function append(map: Map<number, object[]>, key: number, value: object): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** Numbers from 0 to 1, the same for the same seed: a linear congruential generator (Numerical Recipes). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
