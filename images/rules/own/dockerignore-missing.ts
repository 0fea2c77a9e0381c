import type { Rule } from '../rule.ts';
import { contextSources } from './facts/modules.ts';
import { stepsOf } from './facts/steps.ts';

/** Builds that send all of their folder. */
export const dockerignoreMissing: Rule = {
  code: 'dockerignore-missing',
  severity: 'warning',
  title: 'There is an ignore file',
  what: "Where the build takes anything from its context, a .dockerignore lies in the context, or one of the Dockerfile's name with `.dockerignore` behind it.",
  why: 'Without it everything counts: `COPY . .` takes the history, secrets and results along, and a change of any file there builds everything anew.',
  mend: '`go-sre dockerfile` writes one for a Go module. By hand: .git, node_modules, *.md, Dockerfile*, .env*, and vendor where the build does not read it.',
  link: 'https://docs.docker.com/build/concepts/context/#dockerignore-files',
  *check(subject) {
    const { build, context } = subject;
    if (context === undefined || context.dockerignore !== undefined) return;
    for (const step of build.stages.flatMap((stage) => stepsOf(subject, stage))) {
      if (contextSources(step).length === 0) continue;
      const { startLine: line, endLine } = step.instruction;
      yield {
        line,
        endLine,
        message: 'The build reads its context, and there is no .dockerignore that says what stays out of it.',
      };
      return;
    }
  },
};
