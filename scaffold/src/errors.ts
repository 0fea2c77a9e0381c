/**
 * 0 done, 1 failed, 2 the command line is wrong, 3 done as far as possible and the rest, told exactly, is left to the
 * user, 130 cancelled.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 130;

/** An error written for the person at the terminal: its message says what, where and what to do. */
export class CliError extends Error {
  readonly exitCode: Exclude<ExitCode, 0>;

  constructor(exitCode: Exclude<ExitCode, 0>, message: string) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

/** The command line asks for something that cannot be: exit code 2. */
export function usage(message: string): CliError {
  return new CliError(2, message);
}

/** The command was understood and could not be done: exit code 1. */
export function failed(message: string): CliError {
  return new CliError(1, message);
}

/** Ctrl-C, at a prompt or while writing: exit code 130, as the shell has it for SIGINT. */
export function cancelled(): CliError {
  return new CliError(130, 'Cancelled, nothing was written.');
}

/** The system's error code (`ENOSPC`, `EACCES`, …) of a thrown value, or an empty string. */
export function systemCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
