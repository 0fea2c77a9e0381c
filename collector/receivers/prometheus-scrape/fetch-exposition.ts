import type { TextFormat } from '../../formats/prometheus-text/series-kind.ts';
import { CollectorError } from '../../telemetry/errors.ts';

/** The part of the global fetch that a scrape needs. */
export type Fetch = (
  url: string,
  init: { headers: Record<string, string>; signal: AbortSignal; redirect: 'follow' },
) => Promise<Response>;

/** What a target may answer in. */
export type ExpositionFormat = TextFormat | 'protobuf';

export interface ExpositionRequest {
  url: string;
  /** Bytes of the answer, inflated, at the most. */
  maxBodyBytes: number;
  timeoutMs: number;
  /** Ask for protobuf first: it alone carries native histograms. */
  nativeHistograms: boolean;
}

const PROTOBUF = 'application/vnd.google.protobuf';
const MESSAGE = 'io.prometheus.client.MetricFamily';
/** Exemplars exist in OpenMetrics and protobuf only; the older text is what every exporter speaks. */
const ACCEPT_TEXT = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
const ACCEPT_PROTOBUF = `${PROTOBUF};proto=${MESSAGE};encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5`;

/**
 * Gets the exposition of one target. Throws `bad-data` for an answer that is none, `too-large` above
 * `maxBodyBytes`, and what `fetch` throws when the target cannot be reached.
 */
export async function fetchExposition(
  fetch: Fetch,
  { url, maxBodyBytes, timeoutMs, nativeHistograms }: ExpositionRequest,
  signal: AbortSignal,
): Promise<{ body: Uint8Array; format: ExpositionFormat }> {
  const headers = {
    Accept: nativeHistograms ? ACCEPT_PROTOBUF : ACCEPT_TEXT,
    'User-Agent': 'go-sre-collector',
    // Source: https://github.com/prometheus/prometheus/blob/main/scrape/scrape.go
    'X-Prometheus-Scrape-Timeout-Seconds': String(timeoutMs / 1000),
  };
  const response = await fetch(url, { headers, signal, redirect: 'follow' });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new CollectorError('bad-data', `the target answered ${response.status}, not 200`);
  }
  const type = response.headers.get('content-type');
  const format = formatOf(type ?? '');
  if (!format) {
    await response.body?.cancel();
    throw new CollectorError('bad-data', `the target answered ${type}, which is no metrics text`);
  }
  return { body: await readBody(response, maxBodyBytes), format };
}

function formatOf(contentType: string): ExpositionFormat | undefined {
  const [type = '', ...parameters] = contentType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (type === 'application/openmetrics-text') return 'openmetrics';
  if (type === 'text/plain' || type === '') return 'text';
  const isDelimited = parameters.includes('encoding=delimited');
  return type === PROTOBUF && isDelimited && parameters.includes(`proto=${MESSAGE.toLowerCase()}`)
    ? 'protobuf'
    : undefined;
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
