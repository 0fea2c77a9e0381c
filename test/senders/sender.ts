/** One way of sending that a sender is asked to use. */
export interface Way {
  protocol: 'grpc' | 'http/protobuf' | 'http/json';
  compression: 'none' | 'gzip';
}

/** What one run sends: `count` of each signal, for a service that no other run has. */
export interface Task extends Way {
  service: string;
  count: number;
  /** Base address of the receiver: `http://127.0.0.1:4317`. */
  endpoint: string;
}

export type SentSignal = 'traces' | 'logs' | 'metrics';

/** A program that sends, with what it is told by arguments and environment. */
export interface SendCommand {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/** A sender of the table. `get` installs it, outside of the clone, unless it is there; throws what is missing. */
export interface Sender {
  ways: readonly Way[];
  get(): Installed;
}

export interface Installed {
  /** The programs of one task; each sends some of the signals. */
  commands(task: Task): { signals: readonly SentSignal[]; run: SendCommand }[];
  /** Looks for what a program of the task sent. */
  found: Finder;
}

/** Counts which of the items of a signal the store has; `output` is what the program printed. */
export type Finder = (api: string, signal: SentSignal, task: Task, output: string) => Promise<Found>;

export interface Found {
  sent: number;
  found: number;
  /** Items that are there more than once: a sender repeats what it got no answer to, so this is told, not counted. */
  doubled: number;
}
