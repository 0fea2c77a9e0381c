import type { Instruction } from '../../dockerfile/syntax.ts';
import type { Rule, Subject, Violation } from '../rule.ts';
import { copiedTexts, isSettingsFile } from './facts/copied-texts.ts';
import { isNoSecret, isSecretName } from './facts/secret-keys.ts';
import { allInstructions, linesOf, type Setting, settingsOf } from './facts/secret-settings.ts';
import { looksRandom, secretValues } from './facts/secret-values.ts';

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
    for (const instruction of allInstructions(subject.build)) {
      const told = new Set<number>();
      for (const { what, line } of [...byForm(instruction), ...byName(instruction, subject)]) {
        if (!told.has(line))
          yield { line, message: `${instruction.keyword.toUpperCase()} holds what looks like ${what}.` };
        told.add(line);
      }
    }
    yield* inFiles(subject);
  },
};

/** What the files hold that COPY and ADD name. */
function* inFiles(subject: Subject): Iterable<Violation> {
  for (const { path, text } of copiedTexts(subject)) {
    const forms = secretValues(text).map(({ what, index }) => ({ what, line: lineOf(text, index) }));
    const named = isSettingsFile(path) ? linesOf(text, 1, 'COPY').flatMap(asSecret) : [];
    const told = new Set<number>();
    for (const { what, line } of [...forms, ...named]) {
      if (!told.has(line))
        yield {
          file: path,
          line,
          message: `${path} is copied into the image, and holds what looks like ${what}.`,
        };
      told.add(line);
    }
  }
}

function lineOf(text: string, index: number): number {
  return (text.slice(0, index).match(/\n/g)?.length ?? 0) + 1;
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
      line: Math.max(startLine, heredoc.startLine + lineOf(heredoc.content, index) - 1),
    })),
  );
  return [...inArgs, ...inFlags, ...inHeredocs];
}

function byName(instruction: Instruction, subject: Subject): Found[] {
  return settingsOf(instruction, subject).flatMap(asSecret);
}

function asSecret({ name, value = '', line }: Setting): Found[] {
  const secret = isSecretName(name) || name === '_authToken';
  return secret && !isNoSecret(value) && looksRandom(value)
    ? [{ what: `a secret as the value of ${name}`, line }]
    : [];
}
