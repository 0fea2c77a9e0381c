import type { TextFormat } from '../../formats/prometheus-text/series-kind.ts';
import { CollectorError } from '../../telemetry/errors.ts';

/** The part of the global fetch that a scrape needs. */
export type Fetch = (
  url: string,
  init: { headers: Record<string, string>; signal: AbortSignal; redirect: 'follow' },
) => Promise<Response>;

/** Exemplars exist in OpenMetrics only; the older text is what every exporter speaks. */
const ACCEPT = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

/**
 * Gets the exposition of one target. Throws `bad-data` for an answer that is none, `too-large` above
 * `maxBodyBytes` (inflated), and what `fetch` throws when the target cannot be reached.
 */
export async function fetchText(
  fetch: Fetch,
  url: string,
  maxBodyBytes: number,
  signal: AbortSignal,
): Promise<{ body: Uint8Array; format: TextFormat }> {
  const headers = { Accept: ACCEPT, 'User-Agent': 'go-sre-collector' };
  const response = await fetch(url, { headers, signal, redirect: 'follow' });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new CollectorError('bad-data', `the target answered ${response.status}, not 200`);
  }
  const format = formatOf(response.headers.get('content-type') ?? '');
  if (!format) {
    await response.body?.cancel();
    const type = response.headers.get('content-type');
    throw new CollectorError('bad-data', `the target answered ${type}, which is no metrics text`);
  }
  return { body: await readBody(response, maxBodyBytes), format };
}

function formatOf(contentType: string): TextFormat | undefined {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  if (type === 'application/openmetrics-text') return 'openmetrics';
  return type === 'text/plain' || type === '' ? 'text' : undefined;
}

async function readBody(response: Response, maxBodyBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the stream.
    if (size > maxBodyBytes) {
      throw new CollectorError('too-large', `the target answered more than ${maxBodyBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
