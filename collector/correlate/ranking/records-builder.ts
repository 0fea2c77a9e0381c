import type { LogTemplateColumns, SpanColumns } from '../../storage/store.ts';
import { IdTable, wordsOf } from '../../telemetry/id-table.ts';
import { toHex } from '../../telemetry/ids.ts';
import { release } from '../../telemetry/release.ts';
import { number64, words64 } from '../../telemetry/words.ts';
import { Examples } from './examples.ts';
import { Features } from './features.ts';
import { grouped } from './grouped.ts';
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
    const times = words64(page.timeUnixNano);
    for (let i = 0; i < page.timeUnixNano.length; i++) {
      const ms = number64(times, i) / 1e6;
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
    this.#hadEntry.pushAll(part.hadEntry.view());
    this.#hadFeature.pushAll(part.hadFeature.view());
    for (const ms of part.tree.startMs.view()) if (this.#sideOf(ms) >= 0) this.#spans++;
    part.clear();
  }

  /** Closes the last part; nothing may be added any more. */
  build(): SystemRecords {
    this.endPart();
    this.#part.release();
    const { standsFor, beyond } = this.#features.settle();
    const records = {
      services: this.#services.list,
      operations: this.#operations.list,
      features: this.#features.list,
      entries: this.#entries.columns(),
      gaps: this.#gaps.columns(),
      leaves: this.#leaves.columns(),
      had: this.#had(standsFor),
      loose: this.#loose.renumbered(standsFor).columns(),
      examples: this.#examples.renumbered(standsFor).byKey,
      traceId: (n: number) => toHex(this.#traces.traceId(n), 0, 16),
      spans: this.#spans,
      logs: this.#logs,
      textsBeyond: beyond,
    };
    const { entries, gaps, leaves, had, loose } = records;
    const columns = [entries, gaps, leaves, had, loose].flatMap((one) => Object.values(one));
    const releaseAll = () => {
      this.#traces.release();
      release(...columns);
    };
    return { ...records, release: releaseAll };
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
    for (const [n, row] of requests.entries.entries()) {
      this.#entries.push({
        trace: trace[row]!,
        service: service[row]!,
        operation: operation[row]!,
        side: this.#sideOf(startMs[row]!),
        startMs: startMs[row]!,
        durationMs: durationMs[row]!,
        selfMs: requests.selfMs[n]!,
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
    const failing = new Uint8Array(tree.length);
    const { gaps, leaves, entries, entryOf } = requests;
    for (const [n, call] of gaps.call.entries()) {
      const callees = gaps.calleesOf(n);
      const services =
        callees.length === 1 ? [service[callees[0]!]!] : new Set(callees.map((row) => service[row]!));
      for (const callee of services) this.#gaps.push(callOf(call, callee, gaps.ms[n]!));
      for (const row of callees) {
        const name = this.#features.call(
          this.#services.list[service[row]!]!,
          this.#operations.list[operation[row]!]!,
        );
        part.have(part.entryOfRow(call), name);
        if (failed[row] === 1) failing[entryOf[call]!] = 1;
      }
    }
    for (const row of leaves) this.#leaves.push(callOf(row, operation[row]!, durationMs[row]!));
    for (const row of entries) {
      if (failed[row] === 1 && failing[row] === 0) part.have(part.entryOfRow(row), this.#features.failure());
    }
  }

  /** Pairs of an entry and what stands for a feature of it, each once; those of one entry come side by side. */
  #had(standsFor: (feature: number) => readonly number[]): SystemRecords['had'] {
    const [entry, feature] = [new Growing((n) => new Uint32Array(n)), new Growing((n) => new Uint32Array(n))];
    // Lines of requests at the same time alternate: pairs of an entry are brought together first.
    const { membersOf } = grouped(this.#hadFeature.view(), this.#hadEntry.view(), this.#entries.length);
    this.#hadEntry.release();
    this.#hadFeature.release();
    const own = new Set<number>();
    for (let n = 0; n < this.#entries.length; n++) {
      own.clear();
      for (const one of membersOf(n)) for (const number of standsFor(one)) own.add(number);
      for (const number of own) {
        entry.room(1)[entry.length++] = n;
        feature.room(1)[feature.length++] = number;
      }
    }
    return { entry: entry.view(), feature: feature.view() };
  }
}
