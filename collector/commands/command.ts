/** What all commands beside serving share: what they are given, how their flags are read, how they end. */
import type { Writable } from 'node:stream';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { terminalLine } from '../correlate/terminal.ts';
import type { Clock } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';

/** What a command needs from outside. */
export interface CommandDeps {
  /** Where results go. */
  output: Writable;
  /** One line for the operator. */
  tell(line: string): void;
  /** What relative paths start from. */
  baseDir: string;
  clock: Clock;
  fetch: typeof fetch;
}

/** A word of the command line that is wrong; the exit code is 2. */
export class UsageProblem extends Error {}

/** A parameter of the API as a flag: `--a-from` for `a_from`. */
export const flagOf = (parameter: string) => `--${parameter.replaceAll('_', '-')}`;

/**
 * Taken for now by a question that is checked before it is known when its telemetry ends: the latest time there is, so
 * that nothing is refused which another now would allow.
 */
export const LATEST_UNIX_NANO = 2n ** 63n - 1n;

/** Reads flags strictly. Throws `UsageProblem` for one that is not known or lacks its value. */
export function parsedFlags<T extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: T,
  allowPositionals = false,
) {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals });
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error));
  }
}

/** A flag that takes one of a few words; the first when it is not given. Throws `UsageProblem`. */
export function oneOf<T extends string>(flag: string, given: string | undefined, words: readonly T[]): T {
  const found = words.find((word) => word === (given ?? words[0]));
  if (found === undefined) throw new UsageProblem(`--${flag} ${given}: must be one of ${words.join(', ')}`);
  return found;
}

/**
 * Runs a command to its exit code: what it resolves to, 2 for wrong usage, 1 for what else failed, or what `codeOf` says of
 * an error. What is wrong is told in one line; a defect is thrown on.
 */
export async function exitCodeOf(
  name: string,
  { tell }: Pick<CommandDeps, 'tell'>,
  command: () => Promise<number>,
  codeOf: (error: CollectorError) => number = () => 1,
): Promise<number> {
  try {
    return await command();
  } catch (error) {
    const isUsage = error instanceof UsageProblem;
    if (!isUsage && !(error instanceof CollectorError)) throw error;
    // It may name what senders named: services, attributes.
    tell(terminalLine(`go-sre-collector ${name}: ${error.message}`));
    if (!isUsage && error.code !== 'bad-request') return codeOf(error);
    tell(`See go-sre-collector ${name} --help.`);
    return 2;
  }
}
