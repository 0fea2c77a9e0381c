// Sends the faults' telemetry to a collector's OTLP port, in the order in which it was made, with its own timestamps.
import {
  type LogRow,
  readLogs,
  readSpans,
  readUsage,
  type SpanRow,
  serviceOf,
  type UsageRow,
} from './nezha-data.ts';

const perRequest = 2000;
const severities: Record<string, number> = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 };

/** What was sent. */
export interface Sent {
  spans: number;
  logs: number;
  samples: number;
}

/** A stretch of time with data. */
export interface Stretch {
  fromUnixNano: bigint;
  toUnixNano: bigint;
}

interface Attribute {
  key: string;
  value: { stringValue: string };
}

const attribute = (key: string, value: string): Attribute => ({ key, value: { stringValue: value } });

function resourceOf(pod: string) {
  return {
    attributes: [
      attribute('service.name', serviceOf(pod)),
      attribute('service.instance.id', pod),
      attribute('k8s.pod.name', pod),
    ],
  };
}

const byPod = <R extends { pod: string }>(rows: readonly R[]) => [...Map.groupBy(rows, ({ pod }) => pod)];

function tracesBody(rows: readonly SpanRow[]) {
  const spanOf = ({ traceId, spanId, parentId, name, start, end }: SpanRow) => ({
    ...{ traceId, spanId, name, kind: 1 },
    ...(/^[0-9a-f]{16}$/.test(parentId) ? { parentSpanId: parentId } : {}),
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(end),
  });
  return {
    resourceSpans: byPod(rows).map(([pod, own]) => ({
      resource: resourceOf(pod),
      scopeSpans: [{ scope: { name: 'replay' }, spans: own.map(spanOf) }],
    })),
  };
}

/** As a log agent reads such lines: time and level taken off, the rest is the body. */
function logsBody(rows: readonly LogRow[]) {
  const recordOf = ({ time, traceId, spanId, line }: LogRow) => {
    const [, level = '', body = line] = /^\s*[\d:.]+\s+([A-Z]+)\s+(.*)$/s.exec(line) ?? [];
    return {
      timeUnixNano: String(time),
      severityNumber: severities[level] ?? 0,
      severityText: level,
      body: { stringValue: body },
      ...(/^[0-9a-f]{32}$/.test(traceId) ? { traceId } : {}),
      ...(/^[0-9a-f]{16}$/.test(spanId) ? { spanId } : {}),
    };
  };
  return {
    resourceLogs: byPod(rows).map(([pod, own]) => ({
      resource: resourceOf(pod),
      scopeLogs: [{ scope: { name: 'replay' }, logRecords: own.map(recordOf) }],
    })),
  };
}

function metricsBody(rows: readonly UsageRow[]) {
  const gauge = (name: string, unit: string, own: readonly UsageRow[], value: (row: UsageRow) => number) => ({
    name,
    unit,
    gauge: { dataPoints: own.map((row) => ({ timeUnixNano: String(row.time), asDouble: value(row) })) },
  });
  return {
    resourceMetrics: byPod(rows).map(([pod, own]) => ({
      resource: resourceOf(pod),
      scopeMetrics: [
        {
          scope: { name: 'replay' },
          metrics: [
            gauge('k8s.pod.cpu.usage', '{cpu}', own, ({ cores }) => cores),
            gauge('k8s.pod.memory.working_set', 'By', own, ({ memoryBytes }) => memoryBytes),
          ],
        },
      ],
    })),
  };
}

async function post(otlp: string, signal: string, body: object): Promise<void> {
  const response = await fetch(`${otlp}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(`${signal} were refused with ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

/** Sends everything of the days' folders, by time; answers how much, and the stretches of time that hold spans. */
export async function replay(
  days: readonly string[],
  otlp: string,
): Promise<{ sent: Sent; stretches: Stretch[] }> {
  const sent: Sent = { spans: 0, logs: 0, samples: 0 };
  const spans = days.flatMap((day) => [...readSpans(day)]).sort((a, b) => (a.start < b.start ? -1 : 1));
  const logs = days.flatMap((day) => [...readLogs(day)]).sort((a, b) => (a.time < b.time ? -1 : 1));
  const usage = days.flatMap((day) => [...readUsage(day)]).sort((a, b) => (a.time < b.time ? -1 : 1));
  for (const rows of portions(usage)) {
    await post(otlp, 'metrics', metricsBody(rows));
    sent.samples += 2 * rows.length;
  }
  let written = 0;
  for (const rows of portions(spans)) {
    const until = rows.at(-1)!.start;
    while (written < logs.length && logs[written]!.time <= until) {
      const own = logs.slice(written, written + perRequest).filter(({ time }) => time <= until);
      await post(otlp, 'logs', logsBody(own));
      written += own.length;
      sent.logs += own.length;
    }
    await post(otlp, 'traces', tracesBody(rows));
    sent.spans += rows.length;
  }
  for (const rows of portions(logs.slice(written))) {
    await post(otlp, 'logs', logsBody(rows));
    sent.logs += rows.length;
  }
  return { sent, stretches: stretchesOf(spans) };
}

function* portions<R>(rows: readonly R[]): Generator<R[]> {
  for (let at = 0; at < rows.length; at += perRequest) yield rows.slice(at, at + perRequest);
}

const pauseNano = 90_000_000_000n;

function stretchesOf(spans: readonly SpanRow[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { start } of spans) {
    const last = stretches.at(-1);
    if (last && start - last.toUnixNano <= pauseNano) last.toUnixNano = start + 1n;
    else stretches.push({ fromUnixNano: start, toUnixNano: start + 1n });
  }
  return stretches;
}
