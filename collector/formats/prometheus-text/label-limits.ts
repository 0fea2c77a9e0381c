import { CollectorError } from '../../telemetry/errors.ts';
import type { TargetOptions } from './series-cache.ts';

/** What a scrape may hold at the most; whatever is above refuses all of it, as Prometheus has it. 0 is no limit. */
export class LabelLimits {
  readonly #options: TargetOptions;

  constructor(options: TargetOptions) {
    this.#options = options;
  }

  /** Throws `too-large` when these are more samples than the target may give. */
  samples(count: number): void {
    const { sampleLimit = 0 } = this.#options;
    if (sampleLimit > 0 && count > sampleLimit) {
      throw new CollectorError('too-large', `the target gives more than ${sampleLimit} samples`);
    }
  }

  /** Fails when a new series has too many labels, or one too long. */
  labels(name: string, labels: Record<string, string>, fail: (problem: string) => never): void {
    const { labelLimit = 0, labelNameLengthLimit = 0, labelValueLengthLimit = 0 } = this.#options;
    if (labelLimit + labelNameLengthLimit + labelValueLengthLimit === 0) return;
    const entries = Object.entries(labels);
    if (labelLimit > 0 && entries.length > labelLimit)
      fail(`${name} has ${entries.length} labels, more than ${labelLimit}`);
    for (const [key, value] of entries) {
      if (labelNameLengthLimit > 0 && key.length > labelNameLengthLimit)
        fail(`a label of ${name} has a name of ${key.length} characters, more than ${labelNameLengthLimit}`);
      if (labelValueLengthLimit > 0 && value.length > labelValueLengthLimit)
        fail(
          `the label ${key} of ${name} has ${value.length} characters, more than ${labelValueLengthLimit}`,
        );
    }
  }
}
