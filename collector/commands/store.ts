import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest } from '../../slo/index.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { check } from './store/check.ts';
import { type StoreCommand, type StoreCommandDeps, UsageProblem } from './store/command.ts';
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
  try {
    const command = commandNamed(name);
    const options = { ...command.flags, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parsed(rest, options);
    if (values['help']) {
      deps.output.write(command.usage);
      return 0;
    }
    const paths = positionals.map((path) => resolve(deps.baseDir, path));
    return await command.run(paths, values, deps);
  } catch (error) {
    if (error instanceof UsageProblem) {
      deps.tell(`go-sre-collector store: ${error.message}\nSee go-sre-collector store --help.`);
      return 2;
    }
    if (!(error instanceof CollectorError)) throw error;
    deps.tell(`go-sre-collector store: ${error.message}`);
    return 1;
  }
}

function commandNamed(name: string): StoreCommand {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) return command;
  const near = nearest(name, Object.keys(COMMANDS));
  throw new UsageProblem(`there is no command ${name}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
}

function parsed(args: string[], options: StoreCommand['flags']) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error));
  }
}
