import type { ShellCommand } from '../../../shell/syntax.ts';
import type { Step } from './steps.ts';

/** The commands of a RUN; none of another instruction. */
export function commandsOf({ instruction, shell }: Step): readonly ShellCommand[] {
  return instruction.keyword === 'run' ? shell().commands : [];
}

/** The name of a command without its folder: `go` of `/usr/local/go/bin/go`. */
export function commandName({ name }: ShellCommand): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
