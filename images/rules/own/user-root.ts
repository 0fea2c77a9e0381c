import type { Rule } from '../rule.ts';
import { outputStages } from './facts/outputs.ts';
import { isRoot, userOf } from './facts/user.ts';

/** Images whose last word is that root runs them. */
export const userRoot: Rule = {
  code: 'user-root',
  severity: 'error',
  title: 'The image does not run as root',
  what: 'The last USER of every stage that an image is made of, its own or the one it takes over from the stage it is built from, is not root: neither `root` nor `0`, with a group or without, nor a variable whose default is one, nor an account made with number 0. To be root for some steps and another user behind them is fine.',
  why: 'A process that is root in its container needs one hole in the kernel or one mount too many to be root outside.',
  mend: 'End the stage with a USER that is not root, best by number: `USER 65532:65532`. Steps that need root come before it.',
  link: 'https://docs.docker.com/build/building/best-practices/#user',
  *check(subject) {
    const told = new Set<number>();
    for (const stage of outputStages(subject.build)) {
      const user = userOf(subject, stage);
      if (user.by !== 'instruction' || user.name === undefined || !isRoot(user.name, user.step, subject))
        continue;
      const { startLine: line } = user.step.instruction;
      const name = user.name === '' ? 'a group without a user, which is root' : user.name;
      if (!told.has(line)) yield { line, message: `The image runs as root: its last USER is ${name}.` };
      told.add(line);
    }
  },
};
