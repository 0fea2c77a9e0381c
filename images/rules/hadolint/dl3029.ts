import { hadolintRule } from './card.ts';
import { readFrom } from './from.ts';

export const dl3029 = hadolintRule({
  code: 'DL3029',
  severity: 'warning',
  title: 'FROM leaves the platform to the build',
  what: 'Finds FROM --platform with a fixed value. $BUILDPLATFORM and $TARGETPLATFORM are left alone.',
  why: 'The image is then of that platform whatever the build is asked for, and runs slowly or not at all elsewhere.',
  mend: 'Remove the flag and build with --platform, or use $BUILDPLATFORM for a stage that cross-compiles.',
  check: ({ build }) =>
    build.dockerfile.instructions.flatMap((instruction) => {
      const { platform } = instruction.keyword === 'from' ? readFrom(instruction) : { platform: undefined };
      if (platform === undefined || /BUILDPLATFORM|TARGETPLATFORM/.test(platform)) return [];
      return [
        { line: instruction.startLine, message: `The platform is ${platform}, whatever the build asks for.` },
      ];
    }),
});
