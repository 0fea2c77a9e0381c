import type { LogTemplateColumns, SpanColumns } from '../../storage/store.ts';
import { IdTable, wordsOf } from '../../telemetry/id-table.ts';
import { toHex } from '../../telemetry/ids.ts';
import { Examples } from './examples.ts';
import { Features } from './features.ts';
import { Growing, Names } from './growing.ts';
import { GrowingCalls } from './growing-calls.ts';
import { GrowingEntries } from './growing-entries.ts';
import { LooseLines } from './loose-lines.ts';
import { Part } from './part.ts';
import type { SystemRecords } from './records.ts';
import type { Requests } from './requests.ts';
import type { Side } from './windows.ts';

/**
 * Makes requests out of spans and log lines, part by part: `spans` of whole traces, then `logs` of the same traces,
 * then `endPart`, after which only the columns of the result are kept.
 */
export class RecordsBuilder {
  readonly #sideOf: (ms: number) => Side;
  readonly #services = new Names();
  readonly #operations = new Names();
  readonly #traces = new IdTable();
  readonly #features = new Features();
  readonly #entries = new GrowingEntries();
  readonly #gaps = new GrowingCalls();
  readonly #leaves = new GrowingCalls();
  readonly #hadEntry = new Growing((n) => new Uint32Array(n));
  readonly #hadFeature = new Growing((n) => new Uint32Array(n));
  readonly #loose = new LooseLines();
  readonly #examples = new Examples();
  readonly #part = new Part();
  #spans = 0;
  #logs = 0;

  /** `sideOf` tells of a moment, milliseconds since the epoch, which side it is of. */
  constructor(sideOf: (ms: number) => Side) {
    this.#sideOf = sideOf;
  }

  /** Takes spans of the part; throws when lines of it came before. */
  spans(page: SpanColumns): void {
    if (this.#part.isResolved) throw new Error('spans come before logs');
    this.#part.tree.add(page, this.#traces, this.#services, this.#operations);
  }

  /** Takes log lines of the part's traces, and lines without a trace. */
  logs(page: LogTemplateColumns): void {
    const part = this.#resolved();
    const services = this.#services.addAll(page.service.dictionary);
    const [trace, span] = [wordsOf(page.traceId), wordsOf(page.spanId)];
    const featureOf = this.#features.ofLines(page);
    for (let i = 0; i < page.timeUnixNano.length; i++) {
      const ms = Number(page.timeUnixNano[i]!) / 1e6;
      const side = this.#sideOf(ms);
      const [service, feature] = [services[page.service.index[i]!]!, featureOf(i)];
      const t = i * 4;
      const number = this.#traces.find(trace[t]!, trace[t + 1]!, trace[t + 2]!, trace[t + 3]!);
      const entry = part.entryOf(number, span[i * 2]!, span[i * 2 + 1]!, service);
      if (side >= 0) this.#logs++;
      else if (entry < 0) continue;
      if (side === 1) this.#examples.add(service, feature, page, i);
      if (entry >= 0) part.have(entry, feature);
      else this.#loose.add(service, feature, side, ms);
    }
  }

  /** Ends the part: its spans are let go. */
  endPart(): void {
    const part = this.#resolved();
    for (const entry of part.hadEntry.view()) this.#hadEntry.push(entry);
    for (const feature of part.hadFeature.view()) this.#hadFeature.push(feature);
    for (const ms of part.tree.startMs.view()) if (this.#sideOf(ms) >= 0) this.#spans++;
    part.clear();
  }

  /** Closes the last part; nothing may be added any more. */
  build(): SystemRecords {
    this.endPart();
    const { standsFor, beyond } = this.#features.settle();
    return {
      services: this.#services.list,
      operations: this.#operations.list,
      features: this.#features.list,
      entries: this.#entries.columns(),
      gaps: this.#gaps.columns(),
      leaves: this.#leaves.columns(),
      had: this.#had(standsFor),
      loose: this.#loose.renumbered(standsFor).columns(),
      examples: this.#examples.renumbered(standsFor).byKey,
      traceId: (n) => toHex(this.#traces.traceId(n), 0, 16),
      spans: this.#spans,
      logs: this.#logs,
      textsBeyond: beyond,
    };
  }

  #resolved(): Part {
    if (!this.#part.isResolved) {
      const requests = this.#part.resolve(this.#entries.length);
      this.#keepEntries(this.#part, requests);
      this.#keepCalls(this.#part, requests);
    }
    return this.#part;
  }

  #keepEntries({ tree }: Part, requests: Requests): void {
    const [trace, service, operation] = [tree.trace.view(), tree.service.view(), tree.operation.view()];
    const [startMs, durationMs] = [tree.startMs.view(), tree.durationMs.view()];
    for (const row of requests.entries) {
      this.#entries.push({
        trace: trace[row]!,
        service: service[row]!,
        operation: operation[row]!,
        side: this.#sideOf(startMs[row]!),
        startMs: startMs[row]!,
        durationMs: durationMs[row]!,
        selfMs: requests.selfMs(row),
      });
    }
  }

  /** Keeps what was called, as times and as features; a failure is of the entry that called nobody who failed. */
  #keepCalls(part: Part, requests: Requests): void {
    const { tree } = part;
    const [trace, startMs, durationMs] = [tree.trace.view(), tree.startMs.view(), tree.durationMs.view()];
    const [service, operation, failed] = [tree.service.view(), tree.operation.view(), tree.failed.view()];
    const callOf = (row: number, callee: number, ms: number) => ({
      ...{ trace: trace[row]!, caller: service[row]!, callee, ms },
      ...{ side: this.#sideOf(startMs[row]!), startMs: startMs[row]! },
    });
    const failing = new Set<number>();
    for (const { call, callees, ms } of requests.gaps) {
      for (const callee of new Set(callees.map((row) => service[row]!)))
        this.#gaps.push(callOf(call, callee, ms));
      for (const row of callees) {
        const name = this.#features.call(
          this.#services.list[service[row]!]!,
          this.#operations.list[operation[row]!]!,
        );
        part.have(part.entryOfRow(call), name);
        if (failed[row] === 1) failing.add(requests.entryOf[call]!);
      }
    }
    for (const row of requests.leaves) this.#leaves.push(callOf(row, operation[row]!, durationMs[row]!));
    for (const row of requests.entries) {
      if (failed[row] === 1 && !failing.has(row)) part.have(part.entryOfRow(row), this.#features.failure());
    }
  }

  /** Pairs of an entry and what stands for a feature of it, each once; those of one entry come side by side. */
  #had(standsFor: (feature: number) => readonly number[]): SystemRecords['had'] {
    const [entries, features] = [this.#hadEntry.view(), this.#hadFeature.view()];
    const [entry, feature] = [new Growing((n) => new Uint32Array(n)), new Growing((n) => new Uint32Array(n))];
    let [last, own] = [-1, new Set<number>()];
    for (let n = 0; n < entries.length; n++) {
      if (entries[n] !== last) [last, own] = [entries[n]!, new Set()];
      for (const number of standsFor(features[n]!)) {
        if (own.has(number)) continue;
        own.add(number);
        entry.push(last);
        feature.push(number);
      }
    }
    return { entry: entry.view(), feature: feature.view() };
  }
}
