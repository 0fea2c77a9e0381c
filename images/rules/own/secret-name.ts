import type { Rule, Subject, Violation } from '../rule.ts';
import { copiedTexts, isSettingsFile } from './facts/copied-texts.ts';
import { isNoSecret, isPlaceholder, isSecretName } from './facts/secret-keys.ts';
import { allInstructions, linesOf, type Setting, settingsOf } from './facts/secret-settings.ts';

/** Settings whose name says that a secret is in the image. */
export const secretName: Rule = {
  code: 'secret-name',
  severity: 'error',
  title: 'No secret is set by its name',
  what: 'No ENV, ARG or LABEL has a name like DB_PASSWORD, API_KEY or GITHUB_TOKEN, and no RUN or here-document gives such a name a literal value, by assignment, by a flag (`--password`, `curl -u user:…`) or in a file it writes; nor does a file of settings that COPY names. Names that end in _FILE, _PATH, _TTL and the like tell of a secret and are none; a RUN that reads one from a secret mount is what is wanted.',
  why: 'ENV and LABEL are in the image for everyone who pulls it, and ARG and RUN are in its history.',
  mend: 'RUN --mount=type=secret,id=token,env=GITHUB_TOKEN … for the build; for the run hand it in when the container starts.',
  link: 'https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/',
  *check(subject) {
    yield* inFiles(subject);
    const told = new Set<string>();
    for (const instruction of allInstructions(subject.build)) {
      for (const setting of settingsOf(instruction, subject)) {
        const key = `${setting.line} ${setting.name}`;
        if (!isSecret(setting, instruction.keyword) || told.has(key)) continue;
        told.add(key);
        yield {
          line: setting.line,
          message: `${setting.by} gives ${setting.name} a value that everyone can read who has the image or its history.`,
        };
      }
    }
  },
};

function isSecret({ name, value, by }: Setting, keyword: string): boolean {
  if (!isSecretName(name) && name !== '_authToken') return false;
  if (keyword === 'arg') return value === undefined || value === '' || !isNoSecret(value);
  if (value === undefined || isNoSecret(value)) return false;
  if (keyword === 'env' || keyword === 'label') return true;
  // What a RUN expands comes from a mount, or from an ARG or ENV that is told of itself.
  return !value.includes('$') && !value.includes('`') && !/^[<{[]/.test(value) && by !== '';
}

/** Settings in the files that COPY and ADD name. */
function* inFiles(subject: Subject): Iterable<Violation> {
  for (const { path, text } of copiedTexts(subject).filter((file) => isSettingsFile(file.path))) {
    for (const setting of linesOf(text, 1, 'COPY')) {
      const { name, value = '', line } = setting;
      if (!isSecret(setting, 'copy') || isPlaceholder(value)) continue;
      yield { file: path, line, message: `${path} is copied into the image, and gives ${name} a value.` };
    }
  }
}
