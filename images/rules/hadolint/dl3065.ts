import type { Dockerfile, Instruction } from '../../dockerfile/syntax.ts';
import type { Edit, Violation } from '../rule.ts';
import { hadolintRule } from './card.ts';
import { readFrom } from './from.ts';
import { asViolation } from './runs.ts';

export const dl3065 = hadolintRule({
  code: 'DL3065',
  severity: 'warning',
  title: 'FROM --platform=$TARGETPLATFORM says nothing',
  what: 'Finds FROM with the platform that it has anyway.',
  why: 'It is what the build does without the flag.',
  mend: 'Remove the flag.',
  check: ({ build }) =>
    build.dockerfile.instructions.flatMap((instruction): Violation[] => {
      const platform = instruction.keyword === 'from' ? (readFrom(instruction).platform ?? '') : '';
      if (!/^\$(?:TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(platform)) return [];
      return [
        asViolation(instruction.startLine, {
          message: `${platform} is the platform anyway.`,
          fix: withoutFlag(build.dockerfile, instruction),
        }),
      ];
    }),
});

function withoutFlag({ lines }: Dockerfile, { startLine, flags }: Instruction): readonly Edit[] | undefined {
  const line = lines[startLine - 1]!;
  const flag = flags[0];
  const text = `--platform=${flag?.value} `;
  if (flags.length !== 1 || flag?.line !== startLine || !line.includes(text)) return undefined;
  return [{ startLine, endLine: startLine, lines: [line.replace(text, () => '')] }];
}
