import type { Instruction } from '../../dockerfile/syntax.ts';
import type { Rule, Subject, Violation } from '../rule.ts';
import { copyOf } from './facts/copies.ts';
import { outputLineage } from './facts/outputs.ts';
import { isNoSecret, isSecretName } from './facts/secret-keys.ts';
import { allInstructions, settingsOf } from './facts/secret-settings.ts';
import { looksRandom, secretValues } from './facts/secret-values.ts';
import { stepsOf } from './facts/steps.ts';

/** Values that are secrets whatever they are called. */
export const secretValue: Rule = {
  code: 'secret-value',
  severity: 'error',
  title: 'No value is a secret',
  what: 'No instruction, no here-document and no file that is copied into an image by its name holds a text that has the form of a secret: a token of GitHub, GitLab, AWS, Slack, Stripe and others, a private key, a JSON Web Token, an address with a password in it, or a random text as the value of a name that means a secret. Placeholders (`changeme`, `<token>`, `xxxx`, a variable) are none.',
  why: 'Whoever has the image, its history or the repository has the secret. To take it out again does not help: it has to be revoked.',
  mend: 'Revoke it. Then hand it in by a secret mount when it is built, or when the container starts.',
  link: 'https://docs.docker.com/build/building/secrets/',
  *check(subject) {
    yield* inCopiedFiles(subject);
    for (const instruction of allInstructions(subject.build)) {
      const told = new Set<number>();
      for (const { what, line } of [...byForm(instruction), ...byName(instruction, subject)]) {
        if (!told.has(line))
          yield { line, message: `${instruction.keyword.toUpperCase()} holds what looks like ${what}.` };
        told.add(line);
      }
    }
  },
};

/** Files that an image is given by name, as far as they were read. */
function* inCopiedFiles(subject: Subject): Iterable<Violation> {
  for (const stage of outputLineage(subject.build)) {
    const own = stepsOf(subject, stage).filter((step) => step.stage === stage);
    for (const { from, sources, instruction } of own.flatMap((step) => copyOf(step) ?? [])) {
      for (const source of from === undefined ? sources : []) {
        const path = source.replace(/^(?:\.?\/)+/, '');
        const [found] = secretValues(subject.context?.texts.get(path) ?? '');
        if (found === undefined) continue;
        const message = `${path} is copied into the image and holds what looks like ${found.what}.`;
        yield { line: instruction.startLine, endLine: instruction.endLine, message };
      }
    }
  }
}

type Found = { what: string; line: number };

function byForm(instruction: Instruction): Found[] {
  const { args, heredocs, flags, startLine } = instruction;
  const inArgs = secretValues(args).map(({ what, index }) => ({ what, line: instruction.lineAt(index) }));
  const inFlags = flags.flatMap(({ value = '', line }) =>
    secretValues(value).map(({ what }) => ({ what, line })),
  );
  const inHeredocs = heredocs.flatMap((heredoc) =>
    secretValues(heredoc.content).map(({ what, index }) => ({
      what,
      line: Math.max(
        startLine,
        heredoc.startLine + (heredoc.content.slice(0, index).match(/\n/g)?.length ?? 0),
      ),
    })),
  );
  return [...inArgs, ...inFlags, ...inHeredocs];
}

function byName(instruction: Instruction, subject: Subject): Found[] {
  return settingsOf(instruction, subject).flatMap(({ name, value = '', line }) =>
    (isSecretName(name) || name === '_authToken') && !isNoSecret(value) && looksRandom(value)
      ? [{ what: `a secret as the value of ${name}`, line }]
      : [],
  );
}
