import type { SeriesInfo } from '../../telemetry/model.ts';

/** The series of a set as they are stored, with what queries need of them, worked out once. */
export class SeriesSet {
  readonly series: readonly SeriesInfo[];
  #keys: string[] | undefined;
  #order: Uint32Array | undefined;

  constructor(series: readonly SeriesInfo[]) {
    this.series = series;
  }

  /** By position: the key of each series. */
  get keys(): readonly string[] {
    this.#keys ??= this.series.map(seriesKey);
    return this.#keys;
  }

  /** Positions in the order of the keys. */
  get order(): Uint32Array {
    const { keys } = this;
    this.#order ??= Uint32Array.from(keys.keys()).sort((a, b) => compareKeys(keys[a]!, keys[b]!));
    return this.#order;
  }
}

/** Name, then labels by name: the identity of a series and the order of the answer. */
function seriesKey({ name, labels, kind, temporality }: SeriesInfo): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return [name, ...pairs.flat(), kind, temporality].join('\0');
}

export function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
