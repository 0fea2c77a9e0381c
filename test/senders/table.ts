// Every sender, its ways, and how its program is started.
import { ensureTool } from '../helpers/tools.ts';
import { countFound, itemsFound, SPANS_OF_TRACE } from './find.ts';
import { installJava, installJavaScript, installPython } from './install.ts';
import type { SendCommand, Sender, SentSignal, Task, Way } from './sender.ts';

const SIGNALS: readonly SentSignal[] = ['traces', 'logs', 'metrics'];

function ways(...protocols: Way['protocol'][]): Way[] {
  return protocols.flatMap((protocol) => [
    { protocol, compression: 'none' as const },
    { protocol, compression: 'gzip' as const },
  ]);
}

/** The variables that every SDK reads, or its program in its place. */
function sdkEnvironment(task: Task): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_PROTOCOL: task.protocol,
    OTEL_EXPORTER_OTLP_ENDPOINT: task.endpoint,
    // Not every SDK takes the `none` that the specification allows.
    ...(task.compression !== 'none' && { OTEL_EXPORTER_OTLP_COMPRESSION: task.compression }),
    OTEL_EXPORTER_OTLP_INSECURE: 'true',
    OTEL_SERVICE_NAME: task.service,
    SENDER_COUNT: String(task.count),
  };
}

/** A program of the folder beside this file: it sends all three signals and prints the ids of its spans. */
function sdk(found: readonly Way[], get: () => { command: string; args: string[] }): Sender {
  return {
    ways: found,
    get() {
      const { command, args } = get();
      const run = (task: Task): SendCommand => ({ command, args, env: sdkEnvironment(task) });
      return { commands: (task) => [{ signals: SIGNALS, run: run(task) }], found: itemsFound };
    },
  };
}

/** telemetrygen has one command for a signal, and prints no ids: what arrives is counted. */
const telemetrygen: Sender = {
  // It has no flag for compression.
  ways: [
    { protocol: 'grpc', compression: 'none' },
    { protocol: 'http/protobuf', compression: 'none' },
  ],
  get() {
    const command = ensureTool('telemetrygen');
    return {
      commands: (task) =>
        SIGNALS.map((signal) => ({
          signals: [signal],
          run: {
            command,
            args: [
              signal,
              ...['--otlp-endpoint', new URL(task.endpoint).host, '--otlp-insecure', '--rate', '0'],
              ...(task.protocol === 'grpc' ? [] : ['--otlp-http']),
              ...[`--${signal}`, String(generated(signal, task.count)), '--service', task.service],
            ],
            env: {},
          },
        })),
      found: countFound,
    };
  },
};

/** What telemetrygen is told to make, so that `count` items are sent: more spans than its queue holds it would drop. */
function generated(signal: SentSignal, count: number): number {
  return signal === 'traces' ? count / SPANS_OF_TRACE : count;
}

export const senders: Readonly<Record<string, Sender>> = {
  go: sdk(ways('grpc', 'http/protobuf'), () => ({ command: ensureTool('go-sender'), args: [] })),
  python: sdk(ways('grpc', 'http/protobuf', 'http/json'), () => {
    const { python, program } = installPython();
    return { command: python, args: [program] };
  }),
  java: sdk(ways('grpc', 'http/protobuf'), () => {
    const { classPath, program } = installJava();
    return { command: 'java', args: ['-cp', classPath, program] };
  }),
  javascript: sdk(ways('grpc', 'http/protobuf', 'http/json'), () => ({
    command: process.execPath,
    args: [installJavaScript()],
  })),
  telemetrygen,
};
