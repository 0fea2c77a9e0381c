/**
 * Four services under even traffic, in one of which something changes at a known moment: gateway calls orders, orders
 * asks its cache, stock and payments. The same for the same seed; truth for the ranking of services.
 */

import type { SystemRecords } from '../../collector/correlate/ranking/records.ts';
import { RecordsBuilder } from '../../collector/correlate/ranking/records-builder.ts';
import { sideOf, type Windows, windowsOf } from '../../collector/correlate/ranking/windows.ts';
import type { Batch } from '../../collector/telemetry/batch.ts';
import { label, serviceMetric } from '../../slo/index.ts';
import { randomFrom } from './random.ts';
import { logColumns, spanColumns } from './scan-columns.ts';
import {
  logBatch,
  type PlainLog,
  type PlainSample,
  type PlainSpan,
  sampleBatch,
  spanBatch,
} from './telemetry.ts';

export const SECOND = 1_000_000_000n;
/** A full minute. */
export const START = 1_700_000_040n * SECOND;

/** What changes, and the service that must be named. */
export const FAULTS = {
  'vanished line': 'payments',
  'error line': 'stock',
  'new users refused': 'payments',
  'slow hop': 'payments',
  'slow code': 'stock',
  'slow cache': 'orders',
  'missing call': 'orders',
  failure: 'stock',
} as const;

export type SystemFault = keyof typeof FAULTS | 'cpu' | 'none';

export interface SystemOptions {
  seed?: number;
  fault?: SystemFault;
  quietMinutes?: number;
  faultSeconds?: number;
  requestsPerSecond?: number;
  /** Clocks that are wrong, milliseconds by service. */
  skewMs?: Record<string, number>;
  without?: readonly ('logs' | 'log trace ids' | 'traces' | 'metrics')[];
}

export interface SmallSystem {
  onset: bigint;
  end: bigint;
  spans: PlainSpan[];
  logs: PlainLog[];
  samples: PlainSample[];
}

/** Makes the system's telemetry. */
export function smallSystem(options: SystemOptions = {}): SmallSystem {
  const { seed = 1, quietMinutes = 4, faultSeconds = 100, requestsPerSecond = 0.7, without = [] } = options;
  const random = randomFrom(seed);
  const onset = START + BigInt(quietMinutes) * 60n * SECOND;
  const end = onset + BigInt(faultSeconds) * SECOND;
  const system: SmallSystem = { onset, end, spans: [], logs: [], samples: [] };
  const seconds = Number((end - START) / SECOND);
  for (let n = 0; n < Math.floor(seconds * requestsPerSecond); n++) {
    const at = START + BigInt(Math.floor(((n + random()) / requestsPerSecond) * 1e9));
    new Request(system, random, at, at >= onset ? (options.fault ?? 'none') : 'none', options.skewMs).make();
  }
  system.samples = samplesOf(onset, end, random, options.fault ?? 'none');
  if (without.includes('logs')) system.logs = [];
  if (without.includes('traces')) system.spans = [];
  if (without.includes('metrics')) system.samples = [];
  if (without.includes('log trace ids'))
    system.logs = system.logs.map(({ traceId: _, spanId: __, ...line }) => line);
  return system;
}

class Request {
  readonly #system: SmallSystem;
  readonly #random: () => number;
  readonly #at: bigint;
  readonly #fault: SystemFault;
  readonly #skewMs: Record<string, number>;
  readonly #traceId: string;

  constructor(
    system: SmallSystem,
    random: () => number,
    at: bigint,
    fault: SystemFault,
    skewMs: Record<string, number> = {},
  ) {
    this.#system = system;
    this.#random = random;
    this.#at = at;
    this.#fault = fault;
    this.#skewMs = skewMs;
    this.#traceId = this.#id(16);
  }

  make(): void {
    const stock = this.#ms(8) + (this.#fault === 'slow code' ? 100 : 0);
    const pays = this.#fault !== 'missing call' || this.#random() < 0.1;
    const [cache, payments] = [this.#ms(3) + (this.#fault === 'slow cache' ? 70 : 0), this.#ms(12)];
    const hop = this.#fault === 'slow hop' ? 80 : 1;
    const orders = this.#ms(5) + cache + stock + 1 + (pays ? payments + hop : 0);
    const gateway = orders + 1 + this.#ms(4);
    const root = this.#span('gateway', 'GET /orders', '', 0, gateway, 2);
    this.#log('gateway', root, 0, 9, 'request done', 'gateway/main.go:10');
    const failed = this.#fault === 'failure' && this.#random() < 0.7;
    const served = this.#call('gateway', root, 'orders', 'GET /orders/{id}', 1, orders, 1, false);
    this.#log('orders', served, 1, 9, `order ${Math.floor(this.#random() * 1e6)} read`);
    this.#span('orders', 'GET', served, 2, cache, 3);
    const asked = this.#call('orders', served, 'stock', 'GET /stock', 2 + cache, stock, 1, failed);
    this.#log('stock', asked, 2 + cache, 9, 'stock counted', 'stock/count.go:20');
    if (this.#fault === 'error line' && this.#random() < 0.8)
      this.#log('stock', asked, 3 + cache, 17, 'stock is negative', 'stock/count.go:44');
    if (!pays) return;
    const paid = this.#call(
      'orders',
      served,
      'payments',
      'POST /pay',
      3 + cache + stock,
      payments,
      hop,
      false,
    );
    if (this.#fault !== 'vanished line')
      this.#log('payments', paid, 3 + cache + stock, 9, 'payment booked', 'payments/book.go:33');
    if (this.#fault === 'new users refused' && this.#random() < 0.8)
      this.#log('payments', paid, 4 + cache + stock, 13, `user ${this.#word()} not found`);
  }

  /** A call from one service to another; answers the span that served it. */
  #call(
    caller: string,
    parent: string,
    callee: string,
    name: string,
    from: number,
    ms: number,
    gap: number,
    failed: boolean,
  ): string {
    const call = this.#span(caller, 'GET', parent, from, ms + gap, 3);
    return this.#span(callee, name, call, from + gap / 2, ms, 2, failed ? 2 : 0);
  }

  #span(
    service: string,
    name: string,
    parentSpanId: string,
    from: number,
    ms: number,
    kind: number,
    status = 0,
  ): string {
    const spanId = this.#id(8);
    this.#system.spans.push({
      ...{ traceId: this.#traceId, spanId, parentSpanId, name, service, kind, status },
      start: this.#time(service, from),
      duration: BigInt(Math.round(ms * 1e6)),
    });
    return spanId;
  }

  #log(service: string, spanId: string, from: number, severityNumber: number, body: string, caller = '') {
    const time = this.#time(service, from + 0.5);
    const attributes = caller === '' ? {} : { caller };
    this.#system.logs.push({
      ...{ time, severityNumber, service, traceId: this.#traceId, spanId, body, attributes },
    });
  }

  #time(service: string, ms: number): bigint {
    return this.#at + BigInt(Math.round((ms + (this.#skewMs[service] ?? 0)) * 1e6));
  }

  #ms(mean: number): number {
    return mean * (0.6 + 0.8 * this.#random());
  }

  #id(bytes: number): string {
    const words = Array.from({ length: bytes / 4 }, () => 1 + Math.floor(this.#random() * 0xfffffffe));
    return words.map((word) => word.toString(16).padStart(8, '0')).join('');
  }

  #word(): string {
    return Array.from({ length: 6 }, () => String.fromCharCode(97 + Math.floor(this.#random() * 26))).join(
      '',
    );
  }
}

const INSTANCES = ['gateway', 'orders', 'stock', 'payments'].flatMap((service) => [
  { service, instance: `${service}-1` },
  { service, instance: `${service}-2` },
]);

/** CPU seconds of each instance every 15 s; of a fault `cpu` one instance of stock takes ten times as much. */
function samplesOf(onset: bigint, end: bigint, random: () => number, fault: SystemFault): PlainSample[] {
  return INSTANCES.flatMap(({ service, instance }) => {
    const labels = { [label.job]: service, [label.instance]: instance };
    const series = { ...{ name: serviceMetric.cpuSeconds, labels, kind: 'counter' as const }, ...CUMULATIVE };
    let value = 100;
    const samples: PlainSample[] = [];
    for (let time = START; time < end; time += 15n * SECOND) {
      const hot = fault === 'cpu' && instance === 'stock-2' && time > onset;
      value += 15 * 0.05 * (0.8 + 0.4 * random()) * (hot ? 10 : 1);
      samples.push({ series, time, value });
    }
    return samples;
  });
}

const CUMULATIVE = { temporality: 'cumulative' as const };

/** The telemetry as a sender's batches. */
export function batchesOf({ spans, logs, samples }: SmallSystem): Batch[] {
  return [
    ...(spans.length > 0 ? [spanBatch(spans)] : []),
    ...(logs.length > 0 ? [logBatch(logs)] : []),
    ...(samples.length > 0 ? [sampleBatch(samples)] : []),
  ];
}

/** Windows of the incident as the store's minutes would give them. */
export function windowsIn({ onset, end }: Pick<SmallSystem, 'onset' | 'end'>): Windows {
  const minutes = Array.from({ length: Number((end - START) / (60n * SECOND)) + 1 }, (_, i) => i);
  return windowsOf(
    onset,
    end,
    minutes.map((i) => START + BigInt(i) * 60n * SECOND),
    [],
  );
}

/** The records of spans and lines, read in parts of the traces, in pages of the given size, without a store. */
export function recordsOf(
  { spans, logs, ...times }: Pick<SmallSystem, 'spans' | 'logs' | 'onset' | 'end'>,
  { parts = 1, page = 5000 }: { parts?: number; page?: number } = {},
): SystemRecords {
  const builder = new RecordsBuilder(sideOf(windowsIn(times)));
  const partOf = (traceId = '') => (traceId === '' ? 0 : Number.parseInt(traceId.slice(0, 6), 16) % parts);
  for (let part = 0; part < parts; part++) {
    const own = {
      spans: spans.filter((one) => partOf(one.traceId) === part),
      logs: logs.filter((one) => partOf(one.traceId) === part),
    };
    for (let at = 0; at < own.spans.length; at += page)
      builder.spans(spanColumns(own.spans.slice(at, at + page)));
    for (let at = 0; at < own.logs.length; at += page)
      builder.logs(logColumns(own.logs.slice(at, at + page)));
    builder.endPart();
  }
  return builder.build();
}
