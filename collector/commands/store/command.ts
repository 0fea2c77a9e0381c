import type { Writable } from 'node:stream';
import type { Clock } from '../../telemetry/clock.ts';

/** What a store command needs from outside. */
export interface StoreCommandDeps {
  /** Where results go: sentences of a check, exported lines. */
  output: Writable;
  /** One line for the operator. */
  tell(line: string): void;
  /** What relative paths start from. */
  baseDir: string;
  clock: Clock;
}

/** A word of the command line that is wrong; the exit code is 2. */
export class UsageProblem extends Error {}

/** The values of parsed flags, as far as the commands have any. */
export type FlagValues = Readonly<Record<string, string | boolean | undefined>>;

/** One subcommand of `store`; resolves to the exit code: 0 done, 1 failed. */
export interface StoreCommand {
  summary: string;
  usage: string;
  flags: Readonly<Record<string, { type: 'string' | 'boolean' }>>;
  /** `paths`: the positional words, absolute; the first is the store. */
  run(paths: readonly string[], flags: FlagValues, deps: StoreCommandDeps): Promise<number>;
}
