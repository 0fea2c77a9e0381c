import { runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

export const dl3035 = hadolintRule({
  code: 'DL3035',
  severity: 'warning',
  title: 'No zypper dist-upgrade',
  what: 'Finds zypper dist-upgrade.',
  why: 'It replaces packages of the base image without a say in which: what is built has little to do with the image it names.',
  mend: 'Take a newer base image.',
  check: eachCommand((command) =>
    runsWith(command, 'zypper', ['dist-upgrade', 'dup'])
      ? { message: 'zypper replaces the base image in its own way.' }
      : undefined,
  ),
});
