import type { Change } from './onset-scan.ts';

/** Log likelihood ratio from which a change is told: with some thousand things watched, less comes by chance. */
const ALARM = 12;

/** One observation of something that is watched. */
export interface Observation {
  atMs: number;
  /** Adds it to the sums that it belongs to. */
  observe(atMs: number): void;
}

interface Sum {
  service: string;
  about: string;
  /** Against the worst quiet slice, and against all quiet time. */
  alarm: number;
  place: number;
  /** When `place` last left 0. */
  fromMs: number;
  most: number;
  onsetMs: number;
}

/**
 * CUSUMs by number. Each is two: one against the worst quiet slice, which tells whether there is an alarm, and one against
 * all quiet time, which tells where its rise began.
 */
export class Watch {
  readonly #sums: Sum[] = [];
  readonly #numbers = new Map<string, number>();

  /** Number of what `key` names; `about` says it in words. */
  number(key: string, service: string, about: () => string): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      const none = { alarm: 0, place: 0, fromMs: 0, most: 0, onsetMs: 0 };
      number = this.#sums.push({ service, about: about(), ...none }) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }

  /** One more observation: did it happen, and how often does it in all quiet time and in the worst of it? */
  add(number: number, atMs: number, happened: boolean, usually: number, atWorst: number): void {
    const one = this.#sums[number]!;
    if (one.place <= 0) one.fromMs = atMs;
    one.place = Math.max(0, one.place + logRatio(happened, usually));
    one.alarm = Math.max(0, one.alarm + logRatio(happened, atWorst));
    if (one.alarm > ALARM && one.alarm > one.most) {
      one.most = one.alarm;
      one.onsetMs = one.fromMs;
    }
  }

  /** What gave an alarm, strongest first. */
  changes(): Change[] {
    return this.#sums
      .filter(({ most }) => most > 0)
      .map(({ service, about, most, onsetMs }) => ({
        ...{ service, about, strength: most },
        onsetUnixNano: BigInt(Math.round(onsetMs * 1e6)),
      }))
      .sort((a, b) => b.strength - a.strength || (a.about < b.about ? -1 : 1));
  }
}

/** Of one observation: half way from what is usual to always, against what is usual. */
function logRatio(happened: boolean, usually: number): number {
  const wrong = (1 + usually) / 2;
  return Math.log(happened ? wrong / usually : (1 - wrong) / (1 - usually));
}
