// What is told in one slot, as OTLP requests.
import {
  logsCodec,
  metricsCodec,
  type OtlpMessage,
  tracesCodec,
} from '../../collector/formats/otlp-protobuf/messages.ts';
import { toPairs } from '../../collector/formats/otlp-protobuf/to-messages.ts';
import { resourceAttribute } from '../../slo/index.ts';
import type { Process } from './day.ts';
import type { ResourceMetrics } from './metrics-message.ts';
import type { LogMessage, SpanMessage } from './recording.ts';

/** OTLP requests of one slot; undefined where there is nothing to send. */
export interface Slot {
  traces: Uint8Array | undefined;
  logs: Uint8Array | undefined;
  metrics: Uint8Array | undefined;
  /** The newest time in them; undefined without any. */
  newestUnixNano: bigint | undefined;
  records: { spans: number; logs: number; scrapes: number };
}

/** What is told in a later slot than the one in which its request began. */
export interface Told {
  spans: Map<Process, SpanMessage[]>;
  logs: Map<Process, LogMessage[]>;
}

/** Encodes what is told; spans and lines of one process share a resource. */
export function encodeSlot(told: Told | undefined, resourceMetrics: ResourceMetrics[]): Slot {
  const spans = [...(told?.spans ?? [])];
  const logs = [...(told?.logs ?? [])];
  const times = [
    ...spans.flatMap(([, own]) => own.map(({ startTimeUnixNano = 0n }) => startTimeUnixNano)),
    ...logs.flatMap(([, own]) => own.map(({ timeUnixNano = 0n }) => timeUnixNano)),
    ...resourceMetrics.map(timeOfUp),
  ];
  const records = {
    spans: spans.reduce((sum, [, own]) => sum + own.length, 0),
    logs: logs.reduce((sum, [, own]) => sum + own.length, 0),
    scrapes: resourceMetrics.length,
  };
  return {
    traces: spans.length > 0 ? tracesCodec.encode({ resourceSpans: spans.map(resourceSpansOf) }) : undefined,
    logs: logs.length > 0 ? logsCodec.encode({ resourceLogs: logs.map(resourceLogsOf) }) : undefined,
    metrics: resourceMetrics.length > 0 ? metricsCodec.encode({ resourceMetrics }) : undefined,
    newestUnixNano: times.reduce<bigint | undefined>(
      (newest, at) => (newest === undefined || at > newest ? at : newest),
      undefined,
    ),
    records,
  };
}

/** Every scrape tells `up`, last. */
function timeOfUp({ scopeMetrics }: ResourceMetrics): bigint {
  const up = scopeMetrics?.at(-1)?.metrics?.at(-1);
  return up?.gauge?.dataPoints?.[0]?.timeUnixNano ?? 0n;
}

function resourceSpansOf([process, spans]: [Process, SpanMessage[]]): OtlpMessage<'ResourceSpans'> {
  return { resource: resourceOf(process), scopeSpans: [{ scope: { name: 'replay' }, spans }] };
}

/** As lines of a file, of which the configuration says no more than the service. */
function resourceLogsOf([{ service }, logRecords]: [Process, LogMessage[]]): OtlpMessage<'ResourceLogs'> {
  const attributes = toPairs({ [resourceAttribute.serviceName]: service });
  return { resource: { attributes }, scopeLogs: [{ scope: { name: '' }, logRecords }] };
}

function resourceOf({ service, instance, version }: Process): OtlpMessage<'Resource'> {
  return {
    attributes: toPairs({
      [resourceAttribute.serviceName]: service,
      [resourceAttribute.serviceInstanceId]: instance,
      [resourceAttribute.serviceVersion]: version,
    }),
  };
}
