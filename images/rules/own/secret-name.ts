import type { Rule } from '../rule.ts';
import { isNoSecret, isSecretName } from './facts/secret-keys.ts';
import { allInstructions, type Setting, settingsOf } from './facts/secret-settings.ts';

/** Settings whose name says that a secret is in the image. */
export const secretName: Rule = {
  code: 'secret-name',
  severity: 'error',
  title: 'No secret is set by its name',
  what: 'No ENV, ARG or LABEL has a name like DB_PASSWORD, API_KEY or GITHUB_TOKEN, and no RUN or here-document gives such a name a literal value, by assignment, by a flag (`--password`, `curl -u user:…`) or in a file it writes. Names that end in _FILE, _PATH, _TTL and the like tell of a secret and are none; a RUN that reads one from a secret mount is what is wanted.',
  why: 'ENV and LABEL are in the image for everyone who pulls it, and ARG and RUN are in its history.',
  mend: 'RUN --mount=type=secret,id=token,env=GITHUB_TOKEN … for the build; for the run hand it in when the container starts.',
  link: 'https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/',
  *check(subject) {
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
