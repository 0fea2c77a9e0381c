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

/**
 * Starts own traces; loaded only when they are on, because the SDK costs memory at rest. Destination and
 * sampling come from the OTEL_* variables. Only questions to the API and the making of incidents are traced:
 * a span per request that carries telemetry would feed on itself.
 */
export async function startOwnTraces(): Promise<{ traced: Traced; stop(): Promise<void> }> {
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({ serviceName: 'go-sre-collector', instrumentations: [] });
  sdk.start();
  const tracer: Tracer = trace.getTracer('go-sre-collector');
  return {
    traced: (name, work) => tracer.startActiveSpan(name, (span) => within(span, work)),
    stop: () => sdk.shutdown(),
  };
}
