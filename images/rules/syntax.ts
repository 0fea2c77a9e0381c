import type { Rule } from './rule.ts';

/** What BuildKit would refuse to build, under the number that hadolint gives to files that it cannot parse. */
export const syntax: Rule = {
  code: 'DL1000',
  severity: 'error',
  title: 'The Dockerfile can be parsed',
  what: 'Every instruction is one that BuildKit knows, with the flags and arguments that it takes; every here-document ends.',
  why: 'The build fails on it, often only after minutes; and what stands behind it may have been judged wrongly.',
  mend: 'Correct the line that is named. What the instruction takes stands in the reference.',
  link: 'https://docs.docker.com/reference/dockerfile/',
  *check({ build }) {
    for (const { line, message } of build.dockerfile.problems) yield { line, message: `${message}.` };
  },
};
