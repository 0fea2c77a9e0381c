import type { LogTemplateColumns } from '../../storage/store.ts';
import { isZeroId, toHex } from '../../telemetry/ids.ts';
import type { Example } from './records.ts';

/** The earliest line of each feature in each service, by `service feature` in their numbers. */
export class Examples {
  readonly byKey = new Map<string, Example>();

  add(service: number, feature: number, page: LogTemplateColumns, i: number): void {
    const known = this.byKey.get(`${service} ${feature}`);
    if (known && known.timeUnixNano <= page.timeUnixNano[i]!) return;
    this.#keep(`${service} ${feature}`, {
      traceId: isZeroId(page.traceId, i * 16, 16) ? '' : toHex(page.traceId, i * 16, 16),
      spanId: isZeroId(page.spanId, i * 8, 8) ? '' : toHex(page.spanId, i * 8, 8),
      timeUnixNano: page.timeUnixNano[i]!,
    });
  }

  /** The same with other features, those that `standsFor` tells of each. */
  renumbered(standsFor: (feature: number) => readonly number[]): Examples {
    const examples = new Examples();
    for (const [key, example] of this.byKey) {
      const [service, feature] = key.split(' ').map(Number);
      for (const number of standsFor(feature!)) examples.#keep(`${service} ${number}`, example);
    }
    return examples;
  }

  #keep(key: string, example: Example): void {
    const known = this.byKey.get(key);
    if (!known || example.timeUnixNano < known.timeUnixNano) this.byKey.set(key, example);
  }
}
