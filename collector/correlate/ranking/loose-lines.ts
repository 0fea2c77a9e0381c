import { IdTable } from '../../telemetry/id-table.ts';
import { Growing } from './growing.ts';
import type { LooseColumns } from './records.ts';
import type { Side } from './windows.ts';

/**
 * Log lines that belong to no entry, as seconds in which a service wrote a template: a line that came twice, and a
 * burst of one moment, are as much as one line; and they stay bounded, however many lines there are.
 */
export class LooseLines {
  readonly #seen = new IdTable();
  readonly #service = new Growing((n) => new Uint32Array(n));
  readonly #feature = new Growing((n) => new Uint32Array(n));
  readonly #side = new Growing((n) => new Int8Array(n));
  readonly #startMs = new Growing((n) => new Float64Array(n));

  add(service: number, feature: number, side: Side, ms: number): void {
    const before = this.#seen.size;
    this.#seen.add(service, feature, Math.floor(ms / 1000), side + 1);
    if (this.#seen.size === before) return;
    this.#service.push(service);
    this.#feature.push(feature);
    this.#side.push(side);
    this.#startMs.push(ms);
  }

  /** The same with other features, those that `standsFor` tells of each. */
  renumbered(standsFor: (feature: number) => readonly number[]): LooseLines {
    const { service, feature, side, startMs } = this.columns();
    const lines = new LooseLines();
    for (let i = 0; i < service.length; i++) {
      for (const number of standsFor(feature[i]!))
        lines.add(service[i]!, number, side[i] as Side, startMs[i]!);
    }
    return lines;
  }

  columns(): LooseColumns {
    return {
      service: this.#service.view(),
      feature: this.#feature.view(),
      side: this.#side.view(),
      startMs: this.#startMs.view(),
    };
  }
}
