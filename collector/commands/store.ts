import { resolve } from 'node:path';
import { nearest } from '../../slo/index.ts';
import { exitCodeOf, parsedFlags, UsageProblem } from './command.ts';
import { check } from './store/check.ts';
import type { StoreCommand, StoreCommandDeps } from './store/command.ts';
import { compact } from './store/compact.ts';
import { exportCommand } from './store/export.ts';
import { importCommand } from './store/import.ts';

const COMMANDS: Readonly<Record<string, StoreCommand>> = {
  check,
  compact,
  export: exportCommand,
  import: importCommand,
};

const USAGE = `go-sre-collector store COMMAND FILE …: work on a store that no collector has open

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`)
  .join('\n')}

go-sre-collector store COMMAND --help tells more. Exit codes: 0 done, 1 failed or something is wrong, 2 usage.
`;

/** `go-sre-collector store …`; resolves to the exit code: 0 done, 1 failed or the store is damaged, 2 usage. */
export async function runStore(argv: readonly string[], deps: StoreCommandDeps): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h') {
    deps.output.write(USAGE);
    return name === undefined ? 2 : 0;
  }
  return exitCodeOf('store', deps, async () => {
    const command = commandNamed(name);
    const options = { ...command.flags, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parsedFlags(rest, options, true);
    if (values['help']) {
      deps.output.write(command.usage);
      return 0;
    }
    const paths = positionals.map((path) => resolve(deps.baseDir, path));
    return command.run(paths, values, deps);
  });
}

function commandNamed(name: string): StoreCommand {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) return command;
  const near = nearest(name, Object.keys(COMMANDS));
  throw new UsageProblem(`there is no command ${name}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
}
