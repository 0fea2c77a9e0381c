import { runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

export const dl4005 = hadolintRule({
  code: 'DL4005',
  severity: 'warning',
  title: 'SHELL changes the shell, not a link',
  what: 'Finds ln that touches /bin/sh.',
  why: 'Scripts of the base image were written for the shell that was there; the link changes it for all of them.',
  mend: 'Write SHELL ["/bin/bash", "-c"] for the RUNs that follow.',
  check: eachCommand((command) =>
    runsWith(command, 'ln', ['/bin/sh'])
      ? { message: 'ln changes the shell of the whole image.' }
      : undefined,
  ),
});
