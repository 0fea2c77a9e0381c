// An emitted service as a running process: its addresses and its log, line by line.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A line of the service's log. */
export type LogEntry = Readonly<Record<string, unknown>>;

export type RunningService = {
  /** `127.0.0.1:PORT` of the API. */
  addr: string;
  /** `127.0.0.1:PORT` for operators. */
  adminAddr: string;
  /** The first line that is wanted, among those written and those to come; rejects when the service ends before. */
  logLine: (wanted: (entry: LogEntry) => boolean) => Promise<LogEntry>;
  /** What it logged as a warning or worse so far, a line each. */
  complaints: () => string;
  /** Sends SIGTERM and answers the exit code; null when it had to be killed. */
  stop: () => Promise<number | null>;
};

/**
 * Starts a built service on ports of the system's choice, every trace stored and sent at once to `endpoint`.
 * @param env variables that come before all others
 * @param base the environment that it is started in
 */
export async function startService(
  binary: string,
  endpoint: string,
  env: Readonly<Record<string, string>> = {},
  base: NodeJS.ProcessEnv = process.env,
): Promise<RunningService> {
  const child = spawn(binary, [], {
    env: {
      ...base,
      ADDR: '127.0.0.1:0',
      ADMIN_ADDR: '127.0.0.1:0',
      OTEL_TRACES_SAMPLER: 'always_on',
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (bytes: Buffer) => (complaint += bytes));
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  const failed = new Promise<never>((_, reject) => {
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`the service ended with ${code}: ${complaint}`)));
  });
  failed.catch(() => undefined);
  const entries: LogEntry[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    entries.push(JSON.parse(line));
    for (const wake of waiting) wake();
    waiting.clear();
  });
  const logLine = async (wanted: (entry: LogEntry) => boolean): Promise<LogEntry> => {
    for (;;) {
      const found = entries.find(wanted);
      if (found !== undefined) return found;
      await Promise.race([new Promise<void>((resolve) => waiting.add(resolve)), failed]);
    }
  };
  const stop = () => {
    child.kill('SIGTERM');
    const last = setTimeout(() => child.kill('SIGKILL'), 20_000);
    return exit.finally(() => clearTimeout(last));
  };
  try {
    const { addr, admin_addr: adminAddr } = await logLine((entry) => entry.msg === 'listening');
    const complaints = () =>
      entries
        .filter(({ level }) => level !== 'info' && level !== 'debug')
        .map((entry) => JSON.stringify(entry))
        .join('\n');
    return { addr: String(addr), adminAddr: String(adminAddr), logLine, complaints, stop };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
