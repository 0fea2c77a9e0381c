import { hadolintRule } from './card.ts';
import { stretchesOf } from './from.ts';
import { commandLine, runOf } from './runs.ts';

export const dl4001 = hadolintRule({
  code: 'DL4001',
  severity: 'warning',
  title: 'wget or curl, not both',
  what: 'Finds RUN with wget or curl in a stage that runs both.',
  why: 'Both do the same: one of them is in the image for nothing.',
  mend: 'Take one of them.',
  check: (subject) =>
    stretchesOf(subject.build.dockerfile.instructions).flatMap(({ instructions }) => {
      const seen = { now: new Set<string>(), deferred: new Set<string>() };
      return instructions.flatMap((outer) => {
        const run = runOf(subject, outer);
        const found = run?.shell.commands.filter(({ name }) => name === 'wget' || name === 'curl') ?? [];
        if (run === undefined || found.length === 0) return [];
        const tools = seen[run.deferred ? 'deferred' : 'now'];
        for (const { name } of found) tools.add(name);
        return tools.size < 2
          ? []
          : [{ line: commandLine(run, found[0]!), message: 'The stage runs both wget and curl.' }];
      });
    }),
});
