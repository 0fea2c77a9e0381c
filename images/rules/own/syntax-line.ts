import type { Build } from '../../dockerfile/stages.ts';
import type { Instruction } from '../../dockerfile/syntax.ts';
import type { Edit, Rule, Violation } from '../rule.ts';

/**
 * What only BuildKit understands, and the first stable version of its frontend that does; `labs`: of the labs channel
 * before. Source: https://github.com/moby/buildkit/releases?q=dockerfile
 */
type Feature = { name: string; since: string; labsSince?: string };

const flags: Readonly<Record<string, Readonly<Record<string, Feature>>>> = {
  run: {
    mount: { name: 'RUN --mount', since: '1.2' },
    network: { name: 'RUN --network', since: '1.3' },
    security: { name: 'RUN --security', since: '1.20', labsSince: '1.1' },
  },
  copy: {
    link: { name: 'COPY --link', since: '1.4' },
    chmod: { name: 'COPY --chmod', since: '1.2' },
    parents: { name: 'COPY --parents', since: '1.20', labsSince: '1.7' },
    exclude: { name: 'COPY --exclude', since: '1.19', labsSince: '1.7' },
  },
  add: {
    link: { name: 'ADD --link', since: '1.4' },
    chmod: { name: 'ADD --chmod', since: '1.2' },
    checksum: { name: 'ADD --checksum', since: '1.6' },
    'keep-git-dir': { name: 'ADD --keep-git-dir', since: '1.5' },
    exclude: { name: 'ADD --exclude', since: '1.19', labsSince: '1.7' },
  },
};
const heredoc: Feature = { name: 'A here-document', since: '1.4' };
const wanted = '# syntax=docker/dockerfile:1';

/** BuildKit's syntax without the line that asks for it. */
export const syntaxLine: Rule = {
  code: 'syntax-line',
  severity: 'warning',
  title: 'BuildKit syntax is asked for by a syntax line',
  what: 'A Dockerfile with RUN --mount, here-documents, COPY --link and other syntax of BuildKit begins with `# syntax=docker/dockerfile:1`, or a version that has what is used. The line counts only at the very top: behind another comment, an empty line or an instruction it is a comment.',
  why: 'Without it the parser that comes with the engine decides: an old one fails on the file, or reads a here-document as instructions.',
  mend: `Write \`${wanted}\` into the first line.`,
  link: 'https://docs.docker.com/build/buildkit/frontend/',
  *check({ build }) {
    const used = featuresOf(build);
    const late = build.dockerfile.comments.find(({ text }) => /^#\s*syntax\s*=\s*\S/i.test(text));
    const directive = build.dockerfile.directives.find(({ name }) => name === 'syntax');
    if (directive !== undefined) {
      const message = versionProblem(
        directive.value,
        used.map(({ feature }) => feature),
      );
      if (message !== undefined) yield { line: directive.line, message };
    } else if (late !== undefined) {
      yield withFix(build, {
        line: late.line,
        message: 'This syntax line is a comment: something stands in front of it, so nothing reads it.',
      });
    } else if (used[0] !== undefined) {
      const { feature, line } = used[0];
      yield withFix(build, {
        line,
        message: `${feature.name} is BuildKit's syntax, and no line \`${wanted}\` asks for it.`,
      });
    }
  },
};

function featuresOf({ dockerfile }: Build): { feature: Feature; line: number }[] {
  return dockerfile.instructions.flatMap((written) => {
    const instruction = written.trigger ?? written;
    const own = instruction.flags.flatMap(({ name, line }) => {
      const feature = flags[instruction.keyword]?.[name];
      return feature === undefined ? [] : [{ feature, line }];
    });
    return [...own, ...(hasHeredoc(instruction) ? [{ feature: heredoc, line: instruction.startLine }] : [])];
  });
}

/** A RUN may have a here-document of the shell's own, `cat <<EOF` over continuation lines; only those that are read count. */
function hasHeredoc({ heredocs }: Instruction): boolean {
  return heredocs.length > 0;
}

/** What is wrong with the version that is asked for; other frontends than Docker's are not judged. */
function versionProblem(value: string, used: readonly Feature[]): string | undefined {
  const match = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?::([\w.-]+))?(?:@.*)?$/.exec(
    value.split(/\s/)[0]!,
  );
  const [, version, channel] = /^(\d+(?:\.\d+)*)(-labs)?$/.exec(match?.[1] ?? '') ?? [];
  if (version === undefined) return undefined;
  const [major = 1, minor] = version.split('.').map(Number);
  if (major !== 1) return `There is no version ${version} of docker/dockerfile; ${wanted} is meant.`;
  if (minor === undefined) return undefined;
  const old = used.find(
    ({ since, labsSince }) => minor < minorOf(channel === undefined ? since : (labsSince ?? since)),
  );
  return old && `${old.name} needs docker/dockerfile:${old.since}, and ${version} is asked for.`;
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

/** A byte order mark has to stay in front. */
function withFix({ dockerfile }: Build, violation: Violation): Violation {
  if (dockerfile.directives.some(({ line }) => line === 1) && dockerfile.directives.length > 1)
    return violation;
  const edit: Edit = { startLine: 1, endLine: 0, lines: [wanted] };
  return { ...violation, fix: [edit] };
}
