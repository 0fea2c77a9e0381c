// The OpenTelemetry Collector of bench/peers/otelcol as the benches compare with it: batch, file exporter, zstd.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Signal } from '../../collector/telemetry/model.ts';
import { until } from '../../demo/wait.ts';
import { freePorts } from '../../test/helpers/ports.ts';
import { ensureTool } from '../../test/helpers/tools.ts';
import type { BenchDeps } from '../bench.ts';
import { startServer } from '../processes.ts';
import type { Subject } from './subject.ts';

const startedWithinMs = 30_000;

/** The Collector, running. */
export interface Otelcol extends Subject {
  /** Bytes of the file that it writes to. */
  fileBytes(): number;
}

/** The Collector's own counter of what an exporter has sent. */
const sentMetric: Record<Signal, string> = {
  traces: 'otelcol_exporter_sent_spans',
  logs: 'otelcol_exporter_sent_log_records',
  metrics: 'otelcol_exporter_sent_metric_points',
};

/** Path of the Collector, built first when it is not there. */
export function buildOtelcol(deps: BenchDeps): string {
  deps.tell('building the OpenTelemetry Collector, unless it is there: the first time takes minutes');
  return ensureTool('otelcol');
}

/** As the Collector's documentation has it for JSON lines, with the time, severity and ids that we read too. */
function fileLog(include: string): object {
  return {
    include: [include],
    start_at: 'beginning',
    operators: [
      {
        type: 'json_parser',
        timestamp: {
          parse_from: 'attributes.ts',
          layout_type: 'gotime',
          layout: '2006-01-02T15:04:05.999999Z',
        },
        severity: { parse_from: 'attributes.level' },
        trace: {
          trace_id: { parse_from: 'attributes.trace_id' },
          span_id: { parse_from: 'attributes.span_id' },
        },
      },
    ],
  };
}

function configuration(otlp: string, metricsPort: number, path: string, logFiles: string | undefined) {
  const pipeline = (receivers: string[]) => ({ receivers, processors: ['batch'], exporters: ['file'] });
  const host = '127.0.0.1';
  return {
    receivers: {
      otlp: { protocols: { http: { endpoint: otlp } } },
      ...(logFiles !== undefined && { file_log: fileLog(logFiles) }),
    },
    processors: { batch: {} },
    exporters: { file: { path, format: 'proto', compression: 'zstd' } },
    service: {
      telemetry: {
        logs: { level: 'warn' },
        metrics: { readers: [{ pull: { exporter: { prometheus: { host, port: metricsPort } } } }] },
      },
      pipelines: {
        traces: pipeline(['otlp']),
        logs: pipeline(['otlp', ...(logFiles === undefined ? [] : ['file_log'])]),
      },
    },
  };
}

/** Starts the Collector with its file in `folder`; `logFiles` is a glob of JSON lines that it reads too. */
export async function startOtelcol(
  binary: string,
  folder: string,
  { logFiles }: { logFiles?: string },
  deps: BenchDeps,
): Promise<Otelcol> {
  mkdirSync(folder, { recursive: true });
  const [port, metricsPort] = await freePorts();
  const otlp = `127.0.0.1:${port}`;
  const path = join(folder, 'telemetry.zst');
  const file = join(folder, 'config.json'); // YAML is a superset of JSON
  writeFileSync(file, JSON.stringify(configuration(otlp, metricsPort, path, logFiles)));
  const server = startServer({
    command: binary,
    args: ['--config', file],
    env: deps.env,
    signal: deps.signal,
  });
  const ready = until('the start of the Collector', startedWithinMs, async () => {
    await fetch(`http://${otlp}/`);
    return true;
  });
  await Promise.race([ready, server.died]).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  const kept = async (signal: Signal) => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return sum(text, sentMetric[signal]);
  };
  return { ...server, name: 'OTel Collector', otlp, kept, fileBytes: () => statSync(path).size };
}

/** Sum of a metric's series in the Prometheus text format; 0 when it has none: pure. */
export function sum(text: string, metric: string): number {
  const values = text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  return values.reduce((all, value) => all + value, 0);
}
