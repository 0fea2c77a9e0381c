import type { Build, Stage } from '../../dockerfile/stages.ts';
import type { Edit, Rule } from '../rule.ts';
import { outputStages } from './facts/outputs.ts';
import { userOf } from './facts/user.ts';

/** Images that run as root because nothing says otherwise. */
export const userMissing: Rule = {
  code: 'user-missing',
  severity: 'warning',
  title: 'The image says who runs it',
  what: 'Every stage that an image is made of has a USER, in itself or in a stage that it is built from, or is based on an image whose publisher sets one (distroless `nonroot`, Chainguard). ONBUILD USER is for the images built on this one.',
  why: 'Without a USER the process is root in its container, and a hole in it is a hole in everything the container may touch.',
  mend: 'Add `USER 65532:65532`, a number, so that Kubernetes can check `runAsNonRoot`, and give the program its files by `--chown`.',
  link: 'https://docs.docker.com/reference/dockerfile/#user',
  *check(subject) {
    const { build } = subject;
    for (const stage of outputStages(build)) {
      if (userOf(subject, stage).by !== 'nobody' || isWindows(stage)) continue;
      const what = stage.name === undefined ? 'The image' : `The image of stage ${stage.name}`;
      const fix = editOf(build, stage);
      yield {
        line: stage.from.startLine,
        message: `${what} runs as root: it has no USER, and neither has its base.`,
        ...(fix !== undefined && { fix: [fix] }),
      };
    }
  },
};

/** Nothing but the program is in a scratch image, so that no step needs root behind the last COPY. */
function editOf({ dockerfile }: Build, stage: Stage): Edit | undefined {
  if (stage.base.kind !== 'scratch') return undefined;
  const at = stage.instructions.findLast(({ keyword }) => keyword === 'copy' || keyword === 'add');
  const volumes = stage.instructions.some(({ keyword }) => keyword === 'volume' || keyword === 'run');
  if (at === undefined || volumes || at.endLine > dockerfile.lines.length) return undefined;
  return { startLine: at.endLine + 1, endLine: at.endLine, lines: ['USER 65532:65532'] };
}

/** There is no root in a Windows container. */
function isWindows({ base, platform }: Stage): boolean {
  const reference = base.kind === 'image' ? base.reference : undefined;
  return (
    platform?.startsWith('windows') === true ||
    reference?.repository.startsWith('windows/') === true ||
    /nanoserver|windowsservercore/.test(reference?.tag ?? '')
  );
}
