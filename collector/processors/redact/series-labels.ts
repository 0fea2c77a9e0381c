import type { SampleBatch } from '../../telemetry/batch.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import type { Candidates } from './candidates.ts';
import type { TextMasker } from './text-masker.ts';

/**
 * Masks secrets in the labels of series. A scrape brings the same series every time: one that was looked at is known
 * again, and costs nothing any more.
 */
export class SeriesLabels {
  readonly #candidates: Candidates;
  readonly #masker: TextMasker;
  readonly #known = new WeakMap<SeriesInfo, SeriesInfo>();
  /** A scrape without a new series even has the same list. */
  readonly #lists = new WeakMap<readonly SeriesInfo[], SeriesInfo[]>();

  constructor(candidates: Candidates, masker: TextMasker) {
    this.#candidates = candidates;
    this.#masker = masker;
  }

  mask(batch: SampleBatch): SampleBatch {
    const { series } = batch.index;
    let masked = this.#lists.get(series);
    if (masked === undefined) {
      masked = this.#maskAll(series);
      this.#lists.set(series, masked);
    }
    return masked === series ? batch : { ...batch, index: { ...batch.index, series: masked } };
  }

  #maskAll(series: SeriesInfo[]): SeriesInfo[] {
    const unknown = series.filter((one) => !this.#known.has(one));
    if (unknown.length > 0) this.#look(unknown);
    if (series.every((one) => this.#known.get(one) === one)) return series;
    return series.map((one) => this.#known.get(one) ?? one);
  }

  /** One search over the labels of all series; only where it finds something is a series looked at. */
  #look(unknown: readonly SeriesInfo[]): void {
    const parts: string[] = [];
    for (const { labels } of unknown)
      for (const [key, value] of Object.entries(labels)) parts.push(key, value);
    const text = Buffer.from(parts.join('\n'), 'utf8');
    const clean = !this.#masker.looksAtAll && this.#candidates.in(text, false).length === 0;
    for (const series of unknown) this.#known.set(series, clean ? series : this.#maskOne(series));
  }

  #maskOne(series: SeriesInfo): SeriesInfo {
    let changed = false;
    const labels: Record<string, string> = { ...series.labels };
    for (const [key, value] of Object.entries(series.labels)) {
      const bytes = Buffer.from(value, 'utf8').toString('latin1');
      const masked = this.#masker.isSecret(key) ? this.#masker.whole(bytes) : this.#masker.mask(bytes);
      if (masked === bytes) continue;
      labels[key] = Buffer.from(masked, 'latin1').toString('utf8');
      changed = true;
    }
    return changed ? { ...series, labels } : series;
  }
}
