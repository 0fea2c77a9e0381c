import { hadolintRule } from './card.ts';

export const dl3011 = hadolintRule({
  code: 'DL3011',
  severity: 'error',
  title: 'Ports are possible',
  what: 'Finds EXPOSE with a number above 65535.',
  why: 'There is no such port; the build or the engine refuses it.',
  mend: 'Write a port between 0 and 65535.',
  check: ({ build }) =>
    build.dockerfile.instructions
      .filter(({ keyword }) => keyword === 'expose')
      .flatMap(({ words }) => words.filter(({ text }) => isTooHigh(text)))
      .map(({ text, line }) => ({ line, message: `There is no port ${text}.` })),
});

function isTooHigh(text: string): boolean {
  const ports = /^(\d+)(?:-(\d+))?(?:\/|$)/.exec(text);
  return ports !== null && [ports[1], ports[2] ?? '0'].some((port) => Number(port) > 65_535);
}
