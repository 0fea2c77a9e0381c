import { gunzipSync } from 'node:zlib';
import type { Batch, LogBatch, SpanBatch } from '../telemetry/batch.ts';
import type { Processor } from './processor.ts';
import { maskBody } from './redact/body.ts';
import { Candidates } from './redact/candidates.ts';
import { maskColumns } from './redact/index-columns.ts';
import { SeriesLabels } from './redact/series-labels.ts';
import { type SecretKind, TextMasker, type TextMaskerOptions } from './redact/text-masker.ts';

export type { SecretKind } from './redact/text-masker.ts';

/** What is masked; patterns and what is allowed as the texts of regular expressions. */
export interface RedactOptions extends Omit<TextMaskerOptions, 'patterns' | 'allow'> {
  patterns: readonly string[];
  allow: readonly string[];
}

/** Bytes a body that came compressed may have inflated, where nobody handed it over inflated. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/**
 * Masks secrets before anything is stored: every byte of one becomes an asterisk, so that lengths and offsets stay true
 * and nothing is encoded again. A batch without secrets goes on as it came; one with some as a masked copy, no longer
 * compressed. `masked` is told of each secret, once for a text and once for a column that holds it too.
 */
export function createRedact(
  { patterns, allow, ...options }: RedactOptions,
  deps: { masked: (kind: SecretKind) => void },
): Processor {
  const compiled: TextMaskerOptions = {
    ...options,
    patterns: patterns.map((pattern) => new RegExp(pattern, 'gu')),
    allow: allow.map((pattern) => new RegExp(`^(?:${pattern})$`, 'su')),
  };
  const masker = new TextMasker(compiled, deps.masked);
  const candidates = new Candidates(compiled, masker);
  const labels = new SeriesLabels(candidates, masker);

  const maskRecords = (batch: SpanBatch | LogBatch): Batch => {
    const came = plainBody(batch);
    const places = candidates.in(came, batch.encoding !== 'log-lines');
    if (places.length === 0 && !masker.looksAtAll) return batch;
    const body = Buffer.from(came);
    maskBody(body, batch, places, masker);
    if (body.equals(came)) return batch;
    const { inflated: _, ...rest } = batch;
    return maskColumns({ ...rest, body, compression: 'none' }, masker);
  };

  return {
    name: 'redact',
    process: (batch: Batch) => {
      if (batch.signal === 'metrics') return labels.mask(batch);
      return batch.count === 0 || batch.body.length === 0 ? batch : maskRecords(batch);
    },
  };
}

/** The body that the batch's offsets speak of. */
function plainBody(batch: SpanBatch | LogBatch): Uint8Array {
  if (batch.compression === 'none') return batch.body;
  return batch.inflated ?? gunzipSync(batch.body, { maxOutputLength: MAX_INFLATED_BYTES });
}
