import { pairsOf } from '../../dockerfile/pairs.ts';
import type { Instruction } from '../../dockerfile/syntax.ts';
import { shellText } from '../../shell/of-instruction.ts';
import type { Subject, Violation } from '../rule.ts';
import { hasWord } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { flagBehind } from './edits.ts';
import { inheriting, stretchesOf, unquote } from './from.ts';
import { keptOut } from './mounts.ts';
import { isPipInstall } from './pip.ts';
import { asViolation, commandLine, type Run, runOf, unwrap } from './runs.ts';

/** What pip takes for yes. Source: https://pip.pypa.io/en/stable/topics/configuration/ */
const yes = /^(?:1|true|on|yes)$/i;
const setInShell = /PIP_NO_CACHE_DIR=(?:1|[Tt][Rr][Uu][Ee]|[Oo][Nn]|[Yy][Ee][Ss])/;

export const dl3042 = hadolintRule({
  code: 'DL3042',
  severity: 'warning',
  title: 'pip install keeps no cache',
  what: 'Finds pip install with neither --no-cache-dir nor PIP_NO_CACHE_DIR nor a cache mount.',
  why: 'The cache is in the layer, and nothing reads it later.',
  mend: 'Write pip install --no-cache-dir, or mount a cache at /root/.cache/pip.',
  check: (subject) =>
    inheriting(stretchesOf(subject.build.dockerfile.instructions), ({ instructions }) =>
      instructions.some(turnsOff),
    ).flatMap(({ inherited, stretch }) => {
      const off = { now: inherited, deferred: false };
      return stretch.instructions.flatMap((outer) => {
        const { instruction, deferred } = unwrap(outer);
        const scope = deferred ? 'deferred' : 'now';
        off[scope] ||= turnsOff(instruction);
        const run = off[scope] ? undefined : runOf(subject, outer);
        return run === undefined ? [] : caching(run, subject);
      });
    }),
});

/** Whether an ENV switches the cache off for what follows. */
function turnsOff(instruction: Instruction): boolean {
  if (instruction.keyword !== 'env') return false;
  return pairsOf(instruction).some(
    ({ key, value }) => key === 'PIP_NO_CACHE_DIR' && yes.test(unquote(value ?? '')),
  );
}

function caching(run: Run, { build }: Subject): Violation[] {
  if (setInShell.test(shellText(run.instruction)) || keptOut(run.instruction, '.cache/pip')) return [];
  return run.shell.commands
    .filter(
      (command) =>
        isPipInstall(command) && !command.name.startsWith('pipx') && !hasWord(command, ['--no-cache-dir']),
    )
    .map((command) => {
      const fix = flagBehind(build.dockerfile, run, command, ['install'], '--no-cache-dir');
      return asViolation(commandLine(run, command), {
        message: `${command.name} leaves its cache in the layer.`,
        fix,
      });
    });
}
