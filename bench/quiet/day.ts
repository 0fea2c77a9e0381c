// A day of a healthy system as data: how many requests come when, which processes serve them, and what happens.
import type { Random } from '../../slo/index.ts';

/** The step of everything that is played. */
export const slotSeconds = 5;
const slotsAnHour = 3600 / slotSeconds;

/** Share of the peak at each hour, noon first, so that what comes after the day comes into full traffic. */
const hourly = [
  1, 0.9, 0.85, 0.85, 0.9, 0.95, 1, 1, 0.9, 0.7, 0.45, 0.25, 0.15, 0.06, 0.03, 0.03, 0.03, 0.05, 0.15, 0.4,
  0.7, 0.85, 0.95, 1,
];
/** Requests a second of all processes at the peak. */
const peak = 24;
/** Spread of a minute around the curve, as a factor's logarithm. */
const minuteSpread = 0.15;
const burstsAnHour = 2;

/** The kinds of time of a day; where several are, the first of them counts. */
export const kinds = ['deploy', 'scale-out', 'log level', 'burst', 'night', 'day'] as const;
export type Kind = (typeof kinds)[number];

/** A process from its first slot to the one before `toSlot`. */
export interface Process {
  service: string;
  instance: string;
  version: string;
  fromSlot: number;
  toSlot: number;
  /** Part of the requests of its service's curve that this service gets. */
  share: number;
  /** False when only its spans and lines are told. */
  isScraped: boolean;
}

/** Slots in which something is so. */
interface Stretch {
  kind: Kind;
  fromSlot: number;
  toSlot: number;
}

export interface Day {
  slots: number;
  /** Requests a second in each slot. */
  perSecond: Float64Array;
  processes: Process[];
  stretches: Stretch[];
}

/** When what happens, as parts of the day. */
const at = { debug: [2.5 / 24, 3.2 / 24], scaleOut: 5.5 / 24, deploys: [8 / 24, 21.5 / 24] } as const;
/** What a deploy or a new instance may bring shows within this; of a burst, in this. */
const shownSlots = (15 * 60) / slotSeconds;
const afterBurstSlots = 120 / slotSeconds;

/** Plans a day of that many hours; a shorter one has all that a whole one has, in less time. */
export function planDay(hours: number, random: Random): Day {
  const slots = Math.round(hours * slotsAnHour);
  const slotOf = (part: number) => Math.round(part * slots);
  const bursts = Array.from({ length: Math.round(hours * burstsAnHour) }, () => {
    const fromSlot = Math.floor(random() * slots);
    return { fromSlot, toSlot: fromSlot + 3 + Math.floor(random() * 10), factor: 1.8 + random() * 1.2 };
  });
  const shown = (kind: Kind, fromSlot: number) => ({ kind, fromSlot, toSlot: fromSlot + shownSlots });
  const stretches: Stretch[] = [
    ...at.deploys.map((part) => shown('deploy', slotOf(part))),
    shown('scale-out', slotOf(at.scaleOut)),
    { kind: 'log level', fromSlot: slotOf(at.debug[0]), toSlot: slotOf(at.debug[1]) },
    ...bursts.map(({ fromSlot, toSlot }) => ({
      kind: 'burst' as const,
      fromSlot,
      toSlot: toSlot + afterBurstSlots,
    })),
    { kind: 'night', fromSlot: slotOf(12.5 / 24), toSlot: slotOf(18.5 / 24) },
  ];
  const perSecond = ratesOf(slots, bursts, random);
  return { slots, perSecond, processes: processesOf(slotOf), stretches };
}

function ratesOf(
  slots: number,
  bursts: readonly { fromSlot: number; toSlot: number; factor: number }[],
  random: Random,
): Float64Array {
  const minute = 60 / slotSeconds;
  const noise = Array.from({ length: Math.ceil(slots / minute) }, () =>
    Math.exp(minuteSpread * normal(random)),
  );
  return Float64Array.from({ length: slots }, (_, slot) => {
    const hour = (slot / slots) * 24;
    const [from, to] = [hourly[Math.floor(hour)]!, hourly[(Math.floor(hour) + 1) % 24]!];
    const curve = from + (to - from) * (hour % 1);
    const burst = bursts.reduce((most, one) => {
      return slot >= one.fromSlot && slot < one.toSlot ? Math.max(most, one.factor) : most;
    }, 1);
    return peak * curve * noise[Math.floor(slot / minute)]! * burst;
  });
}

/** Standard normal, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * The first deploy restarts each instance where it is, one a minute after the other; the second one replaces them. Beside
 * the scraped service stands one of which only spans and lines are known.
 */
function processesOf(slotOf: (part: number) => number): Process[] {
  const minute = 60 / slotSeconds;
  const [first, second] = at.deploys.map(slotOf) as [number, number];
  const scaled = slotOf(at.scaleOut);
  const end = Number.POSITIVE_INFINITY;
  const shop = { service: 'shop', share: 1, isScraped: true };
  const rolled = [0, 1, 2].flatMap((i): Process[] => {
    const restart = first + i * minute;
    const replaced = second + i * minute;
    const place = `10.0.0.${11 + i}:8081`;
    const began = i === 2 ? scaled : Number.NEGATIVE_INFINITY;
    return [
      { ...shop, instance: place, version: '1.0.0', fromSlot: began, toSlot: restart - 1 },
      { ...shop, instance: place, version: '1.1.0', fromSlot: restart, toSlot: replaced },
      { ...shop, instance: `10.0.0.${21 + i}:8081`, version: '1.2.0', fromSlot: replaced, toSlot: end },
    ];
  });
  const kiosk = { service: 'kiosk', share: 0.4, isScraped: false };
  const began = Number.NEGATIVE_INFINITY;
  return [
    ...rolled,
    { ...kiosk, instance: 'kiosk-1', version: '4.0.0', fromSlot: began, toSlot: second - 1 },
    { ...kiosk, instance: 'kiosk-1', version: '4.1.0', fromSlot: second, toSlot: end },
    { ...kiosk, instance: 'kiosk-2', version: '4.0.0', fromSlot: began, toSlot: end },
  ];
}

/** What kind of time a slot is. */
export function kindOf({ stretches }: Day, slot: number): Kind {
  const own = stretches.filter(({ fromSlot, toSlot }) => slot >= fromSlot && slot < toSlot);
  return kinds.find((kind) => own.some((stretch) => stretch.kind === kind)) ?? 'day';
}
