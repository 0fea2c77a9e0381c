import { nearest } from '../../slo/index.ts';
import { check } from './check/command.ts';
import { checkImageCommand } from './check/image-command.ts';
import { type Command, exitCodes, type GoSreDeps } from './command.ts';
import { compare } from './compare/command.ts';
import { dockerfile } from './dockerfile/command.ts';
import { CliError, type ExitCode, usage } from './errors.ts';
import { pipeline } from './pipeline/command.ts';
import { registryHarborQuota } from './registry/harbor-quota-command.ts';
import { registryPolicy } from './registry/policy-command.ts';
import { registryServe } from './registry/serve-command.ts';
import { registryVerify } from './registry/verify-command.ts';
import { routeAdd } from './route/add-command.ts';
import { sloRender } from './slo/render-command.ts';
import { update } from './update/command.ts';

/** Every command of `go-sre`, in the order of its help. */
const commands: readonly Command[] = [
  routeAdd,
  sloRender,
  update,
  dockerfile,
  check,
  checkImageCommand,
  compare,
  pipeline,
  registryHarborQuota,
  registryVerify,
  registryServe,
  registryPolicy,
];

/** `go-sre ARGV`: does it, prints, and gives the exit code. */
export async function runGoSre(argv: readonly string[], deps: GoSreDeps): Promise<ExitCode> {
  let found: Command | undefined;
  try {
    const first = argv[0] ?? '';
    if (first === '--help' || first === '-h') deps.stdout.write(help());
    else if (first === '--version' || first === '-v') deps.stdout.write(`${deps.version}\n`);
    else {
      const several = groupHelp(argv);
      if (several !== undefined) {
        deps.stdout.write(several);
        return 0;
      }
      found = commandOf(argv);
      return await found.execute(argv.slice(found.name.split(' ').length), deps);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    deps.stderr.write(`go-sre: ${error.message}\n`);
    if (error.exitCode === 2) {
      const more = found === undefined ? '--help for the commands' : `${found.name} --help for its flags`;
      deps.stderr.write(`Run go-sre ${more}.\n`);
    }
    return error.exitCode;
  }
}

/** The help of all commands that begin with the words before `--help`, where the words are no command themselves. */
function groupHelp(argv: readonly string[]): string | undefined {
  const [group, flag] = argv;
  if (flag !== '--help' && flag !== '-h') return undefined;
  const helps = commands.flatMap(({ name, help }) => (`${name} `.startsWith(`${group} `) ? [help] : []));
  return helps.length === 0 ? undefined : helps.join('\n');
}

/** The command whose words the line begins with. */
function commandOf(argv: readonly string[]): Command {
  const flag = argv.findIndex((word) => word.startsWith('-'));
  const words = argv.slice(0, flag < 0 ? undefined : flag);
  // Of "check" and "check image" the longer one is meant where its words are there.
  const found = commands
    .filter(({ name }) => `${words.join(' ')} `.startsWith(`${name} `))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (found !== undefined) return found;
  if (flag === 0) throw usage(`Write the command first, ${argv[0]} behind it: go-sre COMMAND ${argv[0]}`);
  if (words.length === 0) throw usage('A command is missing.');
  const names = commands.map(({ name }) => name);
  const longer = names.find((name) => name.startsWith(`${words.join(' ')} `));
  if (longer !== undefined) {
    throw usage(`"${words.join(' ')}" is no whole command. Try: go-sre ${longer}`);
  }
  const said = words.slice(0, 2).join(' ');
  const near = nearest(said, names) ?? nearest(words[0]!, names);
  throw usage(`There is no command "${said}".${near === undefined ? '' : ` Did you mean "${near}"?`}`);
}

function help(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return `Usage: go-sre COMMAND [flags]

${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

  -h, --help     this text; behind a command, its flags
  -v, --version  the version

${exitCodes}
`;
}
