// Plays recorded frames as the day has it: with new times, and new ids for every copy of a request.
import type { Random } from '../../slo/index.ts';
import { movedLog, movedSpan, newestEach, newIds } from './copies.ts';
import { type Day, type Process, slotSeconds } from './day.ts';
import type { ShownExemplar } from './exposition.ts';
import { drawn, Totals } from './growth.ts';
import { downMessage, type ResourceMetrics, type Scraped, scrapeMessage } from './metrics-message.ts';
import type { Doing, Frame, LogMessage, Run, SpanMessage, Unit } from './recording.ts';
import { encodeSlot, type Slot, type Told } from './slot.ts';

const slotNano = BigInt(slotSeconds) * 1_000_000_000n;
/** Scrapes are this many slots apart: 15 s, as the collector's are by default. */
const scrapeSlots = 3;
/** A scrape's counters are as of the slot's end; it is answered up to this long before. */
const scrapeJitterNano = 50e6;
/** Stretches are taken whose rate is this factor further from the wanted one than the nearest; left at its square. */
const faithful = 2;
/** More copies of a request than this would be no traffic any more. */
const mostCopies = 4;
const firstFaultFrames = 3;

/** Where a process is in the frames. */
interface Playing {
  process: Process;
  doing: Doing;
  run: Run;
  position: number;
  totals: Totals;
  exemplars: ShownExemplar[];
  startedUnixNano: bigint;
}

/** Plays a day slot by slot, from the first on. */
export class Player {
  readonly #day: Day;
  readonly #runs: readonly Run[];
  readonly #random: Random;
  readonly #startUnixNano: bigint;
  readonly #playing = new Map<Process, Playing>();
  readonly #told = new Map<number, Told>();

  constructor(day: Day, runs: readonly Run[], startUnixNano: bigint, random: Random) {
    this.#day = day;
    this.#runs = runs;
    this.#startUnixNano = startUnixNano;
    this.#random = random;
  }

  /** When a slot begins. */
  timeOf(slot: number): bigint {
    return this.#startUnixNano + BigInt(slot) * slotNano;
  }

  /** All that the processes tell in a slot; `isFaulty`: the scraped service's cache is slow. */
  play(slot: number, isFaulty: boolean): Slot {
    const alive = this.#day.processes.filter(({ fromSlot, toSlot }) => slot >= fromSlot && slot < toSlot);
    const metrics: ResourceMetrics[] = [];
    for (const process of alive) {
      const peers = alive.filter(({ service }) => service === process.service).length;
      const rate = (this.#rateAt(slot) * process.share) / peers;
      const playing = this.#advance(process, slot, rate, isFaulty && process.isScraped);
      if (this.#isScrapedIn(process, slot)) metrics.push(this.#scrape(playing, slot));
    }
    for (const process of this.#down(slot)) metrics.push(downMessage(this.#scrapedOf(process, slot, 0n)));
    for (const gone of this.#playing.keys()) if (slot >= gone.toSlot) this.#playing.delete(gone);
    const told = this.#told.get(slot);
    this.#told.delete(slot);
    return encodeSlot(told, metrics);
  }

  /** Targets are scraped one after the other. */
  #isScrapedIn({ isScraped, instance }: Process, slot: number): boolean {
    const instances = [...new Set(this.#day.processes.map((one) => one.instance))];
    return isScraped && (slot + instances.indexOf(instance)) % scrapeSlots === 0;
  }

  #rateAt(slot: number): number {
    const { perSecond } = this.#day;
    return perSecond[Math.min(slot, perSecond.length - 1)] ?? 0;
  }

  /** Instances that just ended and come again in the same place. */
  #down(slot: number): Process[] {
    const { processes } = this.#day;
    return processes.filter(
      ({ instance, toSlot, isScraped }) =>
        isScraped &&
        slot === toSlot &&
        processes.some((one) => one.instance === instance && one.fromSlot === slot + 1),
    );
  }

  #advance(process: Process, slot: number, rate: number, isFaulty: boolean): Playing {
    const playing = this.#playing.get(process) ?? this.#begin(process, slot);
    this.#playing.set(process, playing);
    this.#choose(playing, slot, rate, isFaulty);
    const frame = playing.run.frames[playing.position++]!;
    const factor = Math.min(mostCopies, rate / Math.max(0.05, playing.run.perSecond));
    playing.totals.add(frame.growth, factor, this.#random);
    for (const unit of frame.units) {
      const copies = drawn(1, factor, this.#random);
      for (let copy = 0; copy < copies; copy++) this.#tell(playing, unit, frame, slot);
    }
    return playing;
  }

  #begin(process: Process, slot: number): Playing {
    const isCold = process.fromSlot === slot;
    const startedUnixNano = isCold ? this.timeOf(slot) : this.timeOf(slot) - 3_600_000_000_000n;
    const doing = isCold ? 'start' : 'usual';
    const run = this.#pick(process, doing, 1);
    return { process, doing, run, position: 0, totals: new Totals(), exemplars: [], startedUnixNano };
  }

  /** Goes on where it is as long as that fits; else to the stretch whose rate is nearest. */
  #choose(playing: Playing, slot: number, rate: number, isFaulty: boolean): void {
    const isOver = playing.position >= playing.run.frames.length;
    if (playing.doing === 'start' && !isOver && !isFaulty) return;
    const debug =
      playing.process.isScraped &&
      this.#day.stretches.some(
        ({ kind, fromSlot, toSlot }) => kind === 'log level' && slot >= fromSlot && slot < toSlot,
      );
    const doing = isFaulty ? 'fault' : debug ? 'debug' : 'usual';
    const fits = Math.abs(Math.log(rate / playing.run.perSecond)) <= 2 * Math.log(faithful);
    if (doing === playing.doing && !isOver && (fits || doing === 'fault')) return;
    const begins = doing !== playing.doing;
    playing.run = this.#pick(playing.process, doing, rate);
    const { length } = playing.run.frames;
    // A fault is met as it began, and goes on as it went on.
    const again = begins ? 0 : Math.min(firstFaultFrames, length - 1);
    playing.position = doing === 'fault' ? again : Math.floor(this.#random() * length);
    playing.doing = doing;
  }

  /** Where no metrics are told, the spans must tell all. */
  #pick({ isScraped }: Process, doing: Doing, rate: number): Run {
    const own = this.#runs.filter((run) => run.doing === doing && run.isWhole !== isScraped);
    if (own.length === 0) throw new Error(`nothing was recorded of "${doing}"`);
    const distance = ({ perSecond }: Run) =>
      Math.abs(Math.log(Math.max(0.05, rate) / Math.max(0.05, perSecond)));
    const least = Math.min(...own.map(distance));
    // Of one rate alone few stretches were recorded, and a day of them would be one minute again and again.
    const near = own.filter((run) => distance(run) <= least + Math.log(faithful));
    return near[Math.floor(this.#random() * near.length)]!;
  }

  #tell({ process, exemplars }: Playing, unit: Unit, frame: Frame, slot: number): void {
    const shift = this.timeOf(slot) - frame.fromUnixNano;
    const ids = newIds(this.#random);
    for (const span of unit.spans) {
      const moved = movedSpan(span, shift, ids);
      this.#laterIn(slot, moved.endTimeUnixNano!, process, 'spans', moved);
    }
    for (const line of unit.logs) {
      const moved = movedLog(line, shift, ids);
      this.#laterIn(slot, moved.timeUnixNano!, process, 'logs', moved);
    }
    for (const one of unit.exemplars) {
      const traceId = ids(one.traceId);
      exemplars.push({ ...one, timeUnixNano: one.timeUnixNano + shift, traceId, spanId: ids(one.spanId) });
    }
  }

  /** What ends later is told later, as it would be. */
  #laterIn<What extends keyof Told>(
    slot: number,
    at: bigint,
    process: Process,
    what: What,
    record: SpanMessage | LogMessage,
  ): void {
    const own = Math.max(slot, Number((at - this.#startUnixNano) / slotNano));
    const told = this.#told.get(own) ?? { spans: new Map(), logs: new Map() };
    this.#told.set(own, told);
    const byProcess: Map<Process, (SpanMessage | LogMessage)[]> = told[what];
    const known = byProcess.get(process);
    if (known) known.push(record);
    else byProcess.set(process, [record]);
  }

  #scrape(playing: Playing, slot: number): ResourceMetrics {
    const scraped = this.#scrapedOf(playing.process, slot, playing.startedUnixNano);
    const message = scrapeMessage(playing.totals, newestEach(playing.exemplars), scraped);
    playing.exemplars = [];
    return message;
  }

  #scrapedOf({ service, instance, version }: Process, slot: number, startedUnixNano: bigint): Scraped {
    const timeUnixNano = this.timeOf(slot + 1) - 1n - BigInt(Math.floor(this.#random() * scrapeJitterNano));
    return { service, instance, version, startedUnixNano, timeUnixNano };
  }
}
