import { hasFlag, hasWord } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

/** Flags that say where the progress goes, or that there is none. */
const quiet = ['q', 'quiet', 'o', 'output-file', 'a', 'append-output', 'no-verbose', 'progress'];

export const dl3047 = hadolintRule({
  code: 'DL3047',
  severity: 'info',
  title: 'wget is quiet or shows dots',
  what: 'Finds wget that draws its progress bar.',
  why: 'A bar redrawn a thousand times fills the log of the build.',
  mend: 'Add --progress=dot:giga, or -nv or -q.',
  check: eachCommand((command) => {
    if (command.name !== 'wget' || hasFlag(command, quiet) || hasWord(command, ['-nv'])) return undefined;
    return { message: 'wget draws its progress bar into the log of the build.' };
  }),
});
