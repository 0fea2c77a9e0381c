import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

export const dl3003 = hadolintRule({
  code: 'DL3003',
  severity: 'warning',
  title: 'WORKDIR changes the folder, not cd',
  what: 'Finds cd in RUN.',
  why: 'The folder is forgotten at the end of the RUN, and a reader has to follow the shell to know where a step works.',
  mend: 'Put a WORKDIR in front of the RUN.',
  check: eachCommand(({ name, args }, { deferred }) =>
    name === 'cd' && !deferred
      ? { message: `${['cd', ...args].join(' ')} lasts only for this RUN.` }
      : undefined,
  ),
});
