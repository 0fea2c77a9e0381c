import { nearest } from '../../slo/nearest.ts';
import { type Command, exitCodes, type GoSreDeps } from './command.ts';
import { CliError, type ExitCode, usage } from './errors.ts';

/** Every command of `go-sre` by its words, in the order of its help; each is read from the disk when it is asked for. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  'route add': () => import('./route/add-command.ts').then(({ routeAdd }) => routeAdd),
  'route sample': () => import('./route/sample-command.ts').then(({ routeSample }) => routeSample),
  'slo render': () => import('./slo/render-command.ts').then(({ sloRender }) => sloRender),
  'slo rules': () => import('./slo/rules-command.ts').then(({ sloRules }) => sloRules),
  'slo test': () => import('./slo/test-command.ts').then(({ sloTest }) => sloTest),
  'slo simulate': () => import('./slo/simulate-command.ts').then(({ sloSimulate }) => sloSimulate),
  'slo backtest': () => import('./slo/backtest-command.ts').then(({ sloBacktest }) => sloBacktest),
  'slo diff': () => import('./slo/diff-command.ts').then(({ sloDiff }) => sloDiff),
  update: () => import('./update/command.ts').then(({ update }) => update),
  dockerfile: () => import('./dockerfile/command.ts').then(({ dockerfile }) => dockerfile),
  check: () => import('./check/command.ts').then(({ check }) => check),
  'check image': () => import('./check/image-command.ts').then(({ checkImageCommand }) => checkImageCommand),
  compare: () => import('./compare/command.ts').then(({ compare }) => compare),
  pipeline: () => import('./pipeline/command.ts').then(({ pipeline }) => pipeline),
  'registry harbor-quota': () =>
    import('./registry/harbor-quota-command.ts').then(({ registryHarborQuota }) => registryHarborQuota),
  'registry verify': () =>
    import('./registry/verify-command.ts').then(({ registryVerify }) => registryVerify),
  'registry serve': () => import('./registry/serve-command.ts').then(({ registryServe }) => registryServe),
  'registry policy': () =>
    import('./registry/policy-command.ts').then(({ registryPolicy }) => registryPolicy),
};

const names = Object.keys(commands);

/** `go-sre ARGV`: does it, prints, and gives the exit code. */
export async function runGoSre(argv: readonly string[], deps: GoSreDeps): Promise<ExitCode> {
  let found: Command | undefined;
  try {
    const first = argv[0] ?? '';
    if (first === '--help' || first === '-h') deps.stdout.write(await help());
    else if (first === '--version' || first === '-v') deps.stdout.write(`${deps.version}\n`);
    else {
      const several = await groupHelp(argv);
      if (several !== undefined) {
        deps.stdout.write(several);
        return 0;
      }
      found = await commands[nameOf(argv)]!();
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
async function groupHelp(argv: readonly string[]): Promise<string | undefined> {
  const [group, flag] = argv;
  if (flag !== '--help' && flag !== '-h') return undefined;
  const members = names.filter((name) => `${name} `.startsWith(`${group} `));
  const helps = (await load(members)).map((command) => command.help);
  return helps.length === 0 ? undefined : helps.join('\n');
}

function load(wanted: readonly string[]): Promise<Command[]> {
  return Promise.all(wanted.map((name) => commands[name]!()));
}

/** The name of the command whose words the line begins with. */
function nameOf(argv: readonly string[]): string {
  const flag = argv.findIndex((word) => word.startsWith('-'));
  const words = argv.slice(0, flag < 0 ? undefined : flag);
  // Of "check" and "check image" the longer one is meant where its words are there.
  const found = names
    .filter((name) => `${words.join(' ')} `.startsWith(`${name} `))
    .sort((a, b) => b.length - a.length)[0];
  if (found !== undefined) return found;
  if (flag === 0) throw usage(`Write the command first, ${argv[0]} behind it: go-sre COMMAND ${argv[0]}`);
  if (words.length === 0) throw usage('A command is missing.');
  const longer = names.find((name) => name.startsWith(`${words.join(' ')} `));
  if (longer !== undefined) {
    throw usage(`"${words.join(' ')}" is no whole command. Try: go-sre ${longer}`);
  }
  const said = words.slice(0, 2).join(' ');
  const near = nearest(said, names) ?? nearest(words[0]!, names);
  throw usage(`There is no command "${said}".${near === undefined ? '' : ` Did you mean "${near}"?`}`);
}

async function help(): Promise<string> {
  const all = await load(names);
  const width = Math.max(...names.map((name) => name.length));
  return `Usage: go-sre COMMAND [flags]

${all.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

  -h, --help     this text; behind a command, its flags
  -v, --version  the version

${exitCodes}
`;
}
