import type { BuildContext } from '../../context.ts';
import { isIgnored, parseIgnore } from '../../ignore/dockerignore.ts';
import type { Rule, Violation } from '../rule.ts';
import { type Copy, copyOf } from './facts/copies.ts';
import { contextPath } from './facts/paths.ts';
import { isSecretFile, isSecretInTree, isSecretPattern, isSecretPlace } from './facts/secret-files.ts';
import { stepsOf } from './facts/steps.ts';

/** Files of secrets that a COPY takes along. */
export const secretFile: Rule = {
  code: 'secret-file',
  severity: 'error',
  title: 'No file of secrets is copied',
  what: 'No COPY or ADD names a file that is there to hold secrets: .env, id_rsa, .npmrc, .netrc, private keys, credentials of clouds and registries; and none copies a folder of the context in which such a file lies and the ignore file lets it in. Samples (`.env.example`), public keys and certificates are none.',
  why: 'The file is in a layer for good, even of a build stage: that one lies in the build cache, which is often pushed.',
  mend: 'Mount it: `RUN --mount=type=secret,id=netrc,target=/root/.netrc go build …`. Keep it out of the context by the ignore file.',
  link: 'https://docs.docker.com/build/building/secrets/',
  *check(subject) {
    const { build, context } = subject;
    const lying = context === undefined ? [] : secretsLying(context);
    for (const stage of build.stages) {
      for (const step of stepsOf(subject, stage).filter((one) => one.stage === stage)) {
        const copy = copyOf(step);
        if (copy !== undefined) yield* violations(copy, lying);
      }
    }
  },
};

function* violations(copy: Copy, lying: readonly string[]): Iterable<Violation> {
  const { instruction, sources, from } = copy;
  const place = { line: instruction.startLine, endLine: instruction.endLine };
  const by = instruction.keyword.toUpperCase();
  const named = sources.filter(
    (source) =>
      isSecretFile(source) ||
      isSecretPattern(source) ||
      (from === undefined && sources.length === 1 && isSecretPlace(copy.destination, source)),
  );
  for (const source of named) yield { ...place, message: `${by} takes ${source} along, a file of secrets.` };
  if (from !== undefined || named.length > 0) return;
  const inside = secretsWithin(copy, lying);
  if (inside.length === 0) return;
  const more = inside.length > 1 ? ` and ${inside.length - 1} more` : '';
  yield {
    ...place,
    message: `${by} ${sources.join(' ')} takes ${inside[0]}${more} along, which no ignore file keeps out.`,
  };
}

/** Files of secrets that lie in the context, and that the ignore file lets in. */
function secretsLying({ files, texts, dockerignore }: BuildContext): string[] {
  const ignore = parseIgnore(texts.get(dockerignore ?? '') ?? '');
  return files.filter((path) => isSecretInTree(path) && !isIgnored(ignore, path));
}

function secretsWithin({ sources, instruction }: Copy, lying: readonly string[]): string[] {
  if (lying.length === 0) return [];
  const folders = sources
    .filter((source) => !/[*?[]/.test(source) || /^\.?\/?\*$/.test(source))
    .map((source) => contextPath(source.replace(/\/?\*$/, '')));
  const excludes = instruction.flags.flatMap(({ name, value }) =>
    name === 'exclude' && value !== undefined ? [value] : [],
  );
  const excluded = parseIgnore(excludes.join('\n'));
  return lying.filter(
    (path) =>
      folders.some((folder) => folder === '' || path.startsWith(`${folder}/`)) && !isIgnored(excluded, path),
  );
}
