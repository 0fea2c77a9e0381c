import type { CommandDeps } from '../command.ts';

/** What a store command needs from outside. */
export type StoreCommandDeps = Omit<CommandDeps, 'fetch'>;

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
