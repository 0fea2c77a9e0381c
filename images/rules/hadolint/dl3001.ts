import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

const useless = new Set(['ssh', 'vim', 'shutdown', 'service', 'ps', 'free', 'top', 'kill', 'mount']);

export const dl3001 = hadolintRule({
  code: 'DL3001',
  severity: 'info',
  title: 'No commands that a build has no use for',
  what: 'Finds commands in RUN that look after a running machine: ssh, vim, shutdown, service, ps, free, top, kill, mount.',
  why: 'A build step has no machine to look after: what they start or show is gone with the step.',
  mend: 'Remove the command, or start it when the container runs.',
  check: eachCommand(({ name }) =>
    useless.has(name) ? { message: `${name} has no use in a build step.` } : undefined,
  ),
});
