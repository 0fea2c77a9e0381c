import { pairsOf } from '../../dockerfile/pairs.ts';
import { hadolintRule } from './card.ts';
import { unwrap } from './runs.ts';

const secret = /password|secret|token|api_key|private|username|^aws_access_key_id$/i;

export const dl3064 = hadolintRule({
  code: 'DL3064',
  severity: 'warning',
  title: 'No secrets in ARG and ENV',
  what: 'Finds ARG and ENV whose name says that they hold a secret.',
  why: 'The value of an ENV is in the image, and that of an ARG in its history, for everybody who can pull it.',
  mend: 'Mount it into the RUN that needs it (--mount=type=secret), or give it to the container when it starts.',
  check: ({ build }) =>
    build.dockerfile.instructions.flatMap((outer) => {
      const { instruction } = unwrap(outer);
      if (instruction.keyword !== 'env' && instruction.keyword !== 'arg') return [];
      return pairsOf(instruction)
        .filter(({ key }) => secret.test(key))
        .map(({ key, line }) => ({ line, message: `${key} sounds like a secret, and stays in the image.` }));
    }),
});
