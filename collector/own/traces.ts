import { type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';

/** Runs `work` inside a span of the collector's own; without own traces it costs one function call. */
export type Traced = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export const untraced: Traced = (_name, work) => work();

async function within<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    span.setStatus({
      code: SpanStatusCode.ERROR,
      message: error instanceof Error ? error.message : String(error),
    });
    throw error;
  } finally {
    span.end();
  }
}

/** The last spans have this long to reach their destination; a stop does not wait longer for them. */
const STOP_TIMEOUT_MS = 2_000;

/**
 * Starts own traces; loaded only when they are on, because the SDK costs memory at rest. Destination and
 * sampling come from the OTEL_* variables. Only questions to the API and the making of incidents are traced:
 * a span per request that carries telemetry would feed on itself. `stop` never rejects: spans that do not reach
 * their destination are told to `warn`.
 */
export async function startOwnTraces(warn: Warn): Promise<{ traced: Traced; stop(): Promise<void> }> {
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({ serviceName: 'go-sre-collector', instrumentations: [] });
  sdk.start();
  const tracer: Tracer = trace.getTracer('go-sre-collector');
  return {
    traced: (name, work) => tracer.startActiveSpan(name, (span) => within(span, work)),
    stop: () => settle(() => sdk.shutdown(), warn, STOP_TIMEOUT_MS),
  };
}

type Warn = (message: string, fields: Record<string, unknown>) => void;

/** Ends when `shutdown` does, well or not, and after `timeoutMs` at the latest. */
export async function settle(shutdown: () => Promise<void>, warn: Warn, timeoutMs: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => late.reject(new Error(`the destination did not answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    await Promise.race([shutdown(), late.promise]);
  } catch (error) {
    warn('the last own spans were lost: look at OTEL_EXPORTER_OTLP_ENDPOINT', {
      error: error instanceof Error ? error.message : String(error),
    });
  } finally {
    clearTimeout(timer);
  }
}
