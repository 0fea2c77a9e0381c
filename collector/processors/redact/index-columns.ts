import { olderSpanAttribute, resourceAttribute, spanAttribute } from '../../../slo/index.ts';
import type { LogBatch, SpanBatch } from '../../telemetry/batch.ts';
import type { StringColumn } from '../../telemetry/columns.ts';
import type { TextMasker } from './text-masker.ts';

/** The texts that are kept beside the body, masked as the same texts in the body were. */
export function maskColumns(batch: SpanBatch | LogBatch, masker: TextMasker): SpanBatch | LogBatch {
  // The service of log lines is what the operator configured.
  if (batch.encoding === 'log-lines') return batch;
  const service = maskColumn(batch.index.service, masker, [resourceAttribute.serviceName]);
  if (batch.signal === 'logs') return { ...batch, index: { ...batch.index, service } };
  const { name, route, method } = batch.index;
  return {
    ...batch,
    index: {
      ...batch.index,
      service,
      name: maskColumn(name, masker, []),
      route: maskColumn(route, masker, [spanAttribute.httpRoute]),
      method: maskColumn(method, masker, [spanAttribute.httpMethod, olderSpanAttribute.httpMethod]),
    },
  };
}

function maskColumn({ dictionary, index }: StringColumn, masker: TextMasker, keys: string[]): StringColumn {
  const secret = keys.some((key) => masker.isSecret(key));
  const masked = dictionary.map((text) => {
    const bytes = Buffer.from(text, 'utf8').toString('latin1');
    return Buffer.from(secret ? masker.whole(bytes) : masker.mask(bytes), 'latin1').toString('utf8');
  });
  return { dictionary: masked, index };
}
