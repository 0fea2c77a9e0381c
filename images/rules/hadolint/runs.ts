import type { Instruction } from '../../dockerfile/syntax.ts';
import { shellLine } from '../../shell/of-instruction.ts';
import type { Shell, ShellCommand } from '../../shell/syntax.ts';
import type { Edit, Subject, Violation } from '../rule.ts';

/** A RUN, or the one that an ONBUILD defers. */
export type Run = { instruction: Instruction; shell: Shell; deferred: boolean };

/** What an instruction does, now or by ONBUILD. */
export function unwrap(instruction: Instruction): { instruction: Instruction; deferred: boolean } {
  return { instruction: instruction.trigger ?? instruction, deferred: instruction.trigger !== undefined };
}

/** The RUN that an instruction is or defers. */
export function runOf({ shell }: Subject, outer: Instruction): Run | undefined {
  const { instruction, deferred } = unwrap(outer);
  return instruction.keyword === 'run' ? { instruction, shell: shell(instruction), deferred } : undefined;
}

/** Every RUN of the file in its order. */
export function runsOf(subject: Subject): Run[] {
  return subject.build.dockerfile.instructions.flatMap((outer) => runOf(subject, outer) ?? []);
}

/** The line in the file that a command begins on. */
export function commandLine({ instruction }: Run, { index }: ShellCommand): number {
  return shellLine(instruction, index);
}

/** What a command rule says of one command: nothing, or what is wrong. */
export type Verdict = { message: string; fix?: readonly Edit[] | undefined } | undefined;

/** The check of a rule that looks at one command at a time. */
export function eachCommand(
  judge: (command: ShellCommand, run: Run, subject: Subject) => Verdict,
): (subject: Subject) => Violation[] {
  return (subject) =>
    runsOf(subject).flatMap((run) =>
      run.shell.commands.flatMap((command): Violation[] => {
        const verdict = judge(command, run, subject);
        if (verdict === undefined) return [];
        return [asViolation(commandLine(run, command), verdict)];
      }),
    );
}

/** A violation with its mend, where there is one. */
export function asViolation(line: number, { message, fix }: NonNullable<Verdict>): Violation {
  return fix === undefined ? { line, message } : { line, message, fix };
}
