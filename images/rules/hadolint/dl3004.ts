import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

export const dl3004 = hadolintRule({
  code: 'DL3004',
  severity: 'error',
  title: 'No sudo',
  what: 'Finds sudo in RUN.',
  why: 'Build steps run as root unless USER says otherwise; sudo waits for terminals and passwords that are not there and passes signals badly.',
  mend: 'Remove it, switch with USER, or start the program by gosu or su-exec where the container needs both users.',
  check: eachCommand(({ name }) => (name === 'sudo' ? { message: 'sudo in a build step.' } : undefined)),
});
