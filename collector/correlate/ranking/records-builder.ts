import type { LogTemplateColumns, SpanColumns } from '../../storage/store.ts';
import { stringAt } from '../../telemetry/columns.ts';
import { IdTable, wordsOf } from '../../telemetry/id-table.ts';
import { isZeroId, toHex } from '../../telemetry/ids.ts';
import { Growing, Names } from './growing.ts';
import type { CallColumns, EntryColumns, Example, Feature, SystemRecords } from './records.ts';
import { type Requests, requestsOf } from './requests.ts';
import { SpanTree } from './span-tree.ts';
import type { Side } from './windows.ts';

const ERROR_LEVEL = 17;
const LEVELS = ['', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
/** A trace with two entries of one service cannot be told which of them wrote a line. */
const SEVERAL = -2;

class Calls {
  readonly caller = new Growing((n) => new Uint32Array(n));
  readonly callee = new Growing((n) => new Uint32Array(n));
  readonly side = new Growing((n) => new Int8Array(n));
  readonly startMs = new Growing((n) => new Float64Array(n));
  readonly ms = new Growing((n) => new Float64Array(n));
  readonly trace = new Growing((n) => new Uint32Array(n));

  columns(): CallColumns {
    return {
      caller: this.caller.view(),
      callee: this.callee.view(),
      side: this.side.view(),
      startMs: this.startMs.view(),
      ms: this.ms.view(),
      trace: this.trace.view(),
    };
  }
}

/**
 * Makes requests out of spans and log lines, part by part: `spans` of whole traces, then `logs` of the same traces,
 * then `endPart`, after which only the columns of the result are kept.
 */
export class RecordsBuilder {
  readonly #sideOf: (ms: number) => Side;
  readonly #services = new Names();
  readonly #operations = new Names();
  readonly #traces = new IdTable();
  readonly #features: Feature[] = [];
  readonly #featureNumbers = new Map<string, number>();
  readonly #service = new Growing((n) => new Uint32Array(n));
  readonly #operation = new Growing((n) => new Uint32Array(n));
  readonly #trace = new Growing((n) => new Uint32Array(n));
  readonly #side = new Growing((n) => new Int8Array(n));
  readonly #startMs = new Growing((n) => new Float64Array(n));
  readonly #durationMs = new Growing((n) => new Float64Array(n));
  readonly #selfMs = new Growing((n) => new Float64Array(n));
  readonly #gaps = new Calls();
  readonly #leaves = new Calls();
  readonly #hadEntry = new Growing((n) => new Uint32Array(n));
  readonly #hadFeature = new Growing((n) => new Uint32Array(n));
  readonly #looseService = new Growing((n) => new Uint32Array(n));
  readonly #looseFeature = new Growing((n) => new Uint32Array(n));
  readonly #looseSide = new Growing((n) => new Int8Array(n));
  readonly #looseMs = new Growing((n) => new Float64Array(n));
  readonly #examples = new Map<string, Example>();
  #part: Part | undefined;
  #spans = 0;
  #logs = 0;

  /** `sideOf` tells of a moment, milliseconds since the epoch, which side it is of. */
  constructor(sideOf: (ms: number) => Side) {
    this.#sideOf = sideOf;
  }

  spans(page: SpanColumns): void {
    this.#part ??= new Part();
    if (this.#part.isResolved) throw new Error('spans come before logs');
    this.#part.tree.add(page, this.#traces, this.#services, this.#operations);
  }

  logs(page: LogTemplateColumns): void {
    this.#part ??= new Part();
    if (!this.#part.isResolved) this.#resolve(this.#part);
    const services = this.#services.addAll(page.service.dictionary);
    const [trace, span] = [wordsOf(page.traceId), wordsOf(page.spanId)];
    for (let i = 0; i < page.timeUnixNano.length; i++) {
      const ms = Number(page.timeUnixNano[i]!) / 1e6;
      const side = this.#sideOf(ms);
      if (side < 0) continue;
      this.#logs++;
      const service = services[page.service.index[i]!]!;
      const feature = this.#logFeature(page, i);
      const t = i * 4;
      const number = this.#traces.find(trace[t]!, trace[t + 1]!, trace[t + 2]!, trace[t + 3]!);
      const entry = this.#part.entryOf(number, span[i * 2]!, span[i * 2 + 1]!, service);
      if (side === 1) this.#keepExample(service, feature, page, i);
      if (entry >= 0) this.#part.have(entry, feature);
      else this.#lose(service, feature, side, ms);
    }
  }

  endPart(): void {
    const part = this.#part;
    if (!part) return;
    if (!part.isResolved) this.#resolve(part);
    for (const [entry, features] of part.features) {
      for (const feature of features) {
        this.#hadEntry.push(entry);
        this.#hadFeature.push(feature);
      }
    }
    this.#spans += part.tree.length;
    this.#part = undefined;
  }

  /** Closes the last part; nothing may be added any more. */
  build(): SystemRecords {
    this.endPart();
    const entries: EntryColumns = {
      service: this.#service.view(),
      operation: this.#operation.view(),
      trace: this.#trace.view(),
      side: this.#side.view(),
      startMs: this.#startMs.view(),
      durationMs: this.#durationMs.view(),
      selfMs: this.#selfMs.view(),
    };
    return {
      services: this.#services.list,
      operations: this.#operations.list,
      features: this.#features,
      entries,
      gaps: this.#gaps.columns(),
      leaves: this.#leaves.columns(),
      had: { entry: this.#hadEntry.view(), feature: this.#hadFeature.view() },
      loose: {
        service: this.#looseService.view(),
        feature: this.#looseFeature.view(),
        side: this.#looseSide.view(),
        startMs: this.#looseMs.view(),
      },
      examples: this.#examples,
      traceId: (n) => toHex(this.#traces.traceId(n), 0, 16),
      spans: this.#spans,
      logs: this.#logs,
    };
  }

  /** Makes entries, gaps and calls of the part's spans. */
  #resolve(part: Part): void {
    const { tree } = part;
    const requests = requestsOf(tree);
    part.resolve(requests, this.#service.length);
    const columns = {
      trace: tree.trace.view(),
      service: tree.service.view(),
      operation: tree.operation.view(),
      failed: tree.failed.view(),
      startMs: tree.startMs.view(),
      durationMs: tree.durationMs.view(),
    };
    for (const row of requests.entries) {
      this.#trace.push(columns.trace[row]!);
      this.#service.push(columns.service[row]!);
      this.#operation.push(columns.operation[row]!);
      this.#side.push(this.#sideOf(columns.startMs[row]!));
      this.#startMs.push(columns.startMs[row]!);
      this.#durationMs.push(columns.durationMs[row]!);
      this.#selfMs.push(requests.selfMs(row));
    }
    const call = (into: Calls, row: number, callee: number, ms: number) => {
      into.trace.push(columns.trace[row]!);
      into.caller.push(columns.service[row]!);
      into.callee.push(callee);
      into.side.push(this.#sideOf(columns.startMs[row]!));
      into.startMs.push(columns.startMs[row]!);
      into.ms.push(ms);
    };
    const failing = new Set<number>();
    for (const { call: row, callee, ms } of requests.gaps) {
      call(this.#gaps, row, columns.service[callee]!, ms);
      const [service, operation] = [columns.service[callee]!, columns.operation[callee]!];
      part.have(part.entryOfRow(row), this.#callFeature(service, operation));
      if (columns.failed[callee] === 1) failing.add(requests.entryOf[row]!);
    }
    for (const row of requests.leaves)
      call(this.#leaves, row, columns.operation[row]!, columns.durationMs[row]!);
    for (const row of requests.entries) {
      if (columns.failed[row] === 1 && !failing.has(row)) part.have(part.entryOfRow(row), this.#failure());
    }
  }

  #feature(key: string, make: () => Feature): number {
    let number = this.#featureNumbers.get(key);
    if (number === undefined) {
      number = this.#features.push(make()) - 1;
      this.#featureNumbers.set(key, number);
    }
    return number;
  }

  /** Failures that begin in the service: nobody it called failed. */
  #failure(): number {
    const plain = { name: '', level: '', text: '', isError: true };
    return this.#feature('failed', () => ({ kind: 'failed', ...plain }));
  }

  #callFeature(service: number, operation: number): number {
    return this.#feature(`call ${service} ${operation}`, () => ({
      kind: 'call',
      name: `${this.#services.list[service]} ${this.#operations.list[operation]}`,
      ...{ level: '', text: '', isError: false },
    }));
  }

  #logFeature({ severityNumber, caller, template }: LogTemplateColumns, i: number): number {
    const place = stringAt(caller, i);
    const text = stringAt(template, i);
    const level = LEVELS[Math.ceil(severityNumber[i]! / 4)] ?? '';
    const name = place === '' ? text : place;
    return this.#feature(`log ${level} ${name}`, () => ({
      ...{ kind: 'log', name, level, text },
      isError: severityNumber[i]! >= ERROR_LEVEL,
    }));
  }

  #keepExample(service: number, feature: number, page: LogTemplateColumns, i: number): void {
    const key = `${service} ${feature}`;
    if (this.#examples.has(key)) return;
    this.#examples.set(key, {
      traceId: isZeroId(page.traceId, i * 16, 16) ? '' : toHex(page.traceId, i * 16, 16),
      spanId: isZeroId(page.spanId, i * 8, 8) ? '' : toHex(page.spanId, i * 8, 8),
      timeUnixNano: page.timeUnixNano[i]!,
    });
  }

  #lose(service: number, feature: number, side: Side, ms: number): void {
    this.#looseService.push(service);
    this.#looseFeature.push(feature);
    this.#looseSide.push(side);
    this.#looseMs.push(ms);
  }
}

/** Spans of some traces until their logs are read: who wrote a line, and what each entry had. */
class Part {
  readonly tree = new SpanTree(new IdTable());
  /** By entry number of all parts. */
  readonly features = new Map<number, Set<number>>();
  #requests: Requests | undefined;
  #numberOfRow = new Int32Array(0);
  readonly #alone = new Map<string, number>();

  get isResolved(): boolean {
    return this.#requests !== undefined;
  }

  /** Numbers the entries of the part from `first` on. */
  resolve(requests: Requests, first: number): void {
    this.#requests = requests;
    this.#numberOfRow = new Int32Array(this.tree.length).fill(-1);
    const [trace, service] = [this.tree.trace.view(), this.tree.service.view()];
    for (const [n, row] of requests.entries.entries()) {
      this.#numberOfRow[row] = first + n;
      const key = `${trace[row]} ${service[row]}`;
      this.#alone.set(key, this.#alone.has(key) ? SEVERAL : first + n);
    }
  }

  /** Number of the entry that a span belongs to. */
  entryOfRow(row: number): number {
    return this.#numberOfRow[this.#requests!.entryOf[row]!]!;
  }

  /** The entry that wrote a line: that of its span; else the only one of its trace in the service; else -1. */
  entryOf(trace: number, spanA: number, spanB: number, service: number): number {
    if (trace < 0) return -1;
    const row = this.tree.find(trace, spanA, spanB);
    if (row >= 0 && this.tree.service.view()[row] === service) return this.entryOfRow(row);
    const alone = this.#alone.get(`${trace} ${service}`) ?? -1;
    return alone === SEVERAL ? -1 : alone;
  }

  have(entry: number, feature: number): void {
    const features = this.features.get(entry);
    if (features) features.add(feature);
    else this.features.set(entry, new Set([feature]));
  }
}
