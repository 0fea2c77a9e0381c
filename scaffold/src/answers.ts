import { isAbsolute, relative } from 'node:path';
import { nearest } from '../../slo/index.ts';
import { usage } from './errors.ts';
import { checkModulePath } from './module-path.ts';
import { type OptionFlag, optionNames, type TemplateOption } from './options.ts';

/** What decides the content of an emitted service; recorded in `.go-sre/manifest.json`. */
export type Answers = {
  /** Name of the service: `cmd/` folder, binary, image, `service.name`. */
  name: string;
  /** Go module path. */
  module: string;
  /** Default public port; the admin port is the next one. */
  port: number;
  /** Name of the option that mounts the routes: `nethttp` or `gin`. */
  router: string;
  /** Names of the options that are on and free to combine, sorted. */
  with: readonly string[];
  /** Names of the CI systems that the service gets a pipeline for, sorted; empty for none. */
  ci: readonly string[];
  /** What was chosen for ops/, by the names of the flags of `slo render`; absent: nothing beside the defaults. */
  render?: Readonly<Record<string, string>>;
  /** Files with objectives beside slo.json and slo.yaml, relative to the service; absent: none. */
  specs?: readonly string[];
};

/** The answers and what decides where and how they are written. */
export type CreateAnswers = Answers & {
  /** Absolute path of the target folder. */
  dir: string;
  /** Make a git repository with a first commit. */
  git: boolean;
};

export const defaultPort = 8080;

export const defaultRouter = 'nethttp';

/** The CI of the place that the module path names: GitLab where its host says so, else GitHub. */
export function defaultCi(module: string): string[] {
  const [host = ''] = module.split('/');
  return [host.includes('gitlab') ? 'gitlab' : 'github'];
}

/** The module path used when none is given: it builds, and says itself that it is a placeholder. */
export function defaultModule(name: string): string {
  return `example.com/${name}`;
}

/** A DNS label (RFC 1123: 63 characters), because the name becomes a host name in compose and Kubernetes. */
const namePattern = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names that stand for something else, by what they would break. */
const takenNames: readonly { names: readonly string[]; why: string }[] = [
  {
    names: ['cmd', 'internal', 'ops'],
    why: 'is a folder of the service, and `go build` puts the binary there',
  },
  { names: ['vendor', 'testdata'], why: 'is a folder name that the go command treats specially' },
  {
    names: ['y', 'n', 'yes', 'no', 'on', 'off', 'true', 'false', 'null'],
    why: 'is not a text in YAML',
  },
  {
    names: ['collector', 'prometheus', 'grafana', 'localhost'],
    why: 'is the host name of another part in compose.yaml',
  },
  {
    names: ['dev', 'etc', 'proc', 'sys'],
    why: 'is a system folder, and the binary stands in the root of the image',
  },
  // The list of cmd/go: golang.org/x/mod/module, badWindowsNames.
  {
    names: ['con', 'prn', 'aux', 'nul', ...digits('com'), ...digits('lpt')],
    why: 'is a device name on Windows, which the go command refuses in paths',
  },
];

/** Host names in compose.yaml that come with an option; one that people give is free without it. */
const optionHosts: readonly { names: readonly string[]; option: string; isFreeWithout?: boolean }[] = [
  { names: ['redis'], option: 'redis' },
  { names: ['postgres', 'migrate'], option: 'postgres' },
  { names: ['shipping'], option: 'http-client', isFreeWithout: true },
];

/** What a name would break, or undefined. */
function takenFor(name: string, options: readonly string[]): string | undefined {
  const taken = takenNames.find(({ names }) => names.includes(name));
  if (taken !== undefined) return taken.why;
  const host = optionHosts.find(({ names }) => names.includes(name));
  if (host === undefined) return undefined;
  if (options.includes(host.option)) return 'is the host name of another part in compose.yaml';
  if (host.isFreeWithout) return undefined;
  return `would be the host name of another part in compose.yaml, with --with ${host.option}`;
}

function digits(prefix: string): string[] {
  return Array.from({ length: 9 }, (_, i) => `${prefix}${i + 1}`);
}

/** What is wrong with the name of a service with these `options`, as a sentence with the rule, or undefined. */
export function nameProblem(name: string, options: readonly string[]): string | undefined {
  if (!namePattern.test(name)) {
    return `The name ${quote(name)} cannot be used: it takes lower-case letters, digits and hyphens, begins with a letter, does not end with a hyphen, and has at most 63 characters. Try ${quote(repairedName(name))}.`;
  }
  const why = takenFor(name, options);
  if (why === undefined) return undefined;
  return `The name ${quote(name)} cannot be used: it ${why}. Try ${quote(`${name}-service`)}.`;
}

/** The nearest valid name: what a person most likely meant. */
function repairedName(name: string): string {
  const repaired = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return repaired === '' ? 'orders' : repaired;
}

/** What is wrong with a Go module path, as a sentence with the rule, or undefined. */
export function moduleProblem(path: string): string | undefined {
  const rule = checkModulePath(path);
  if (rule === undefined) return undefined;
  return `The module path ${quote(path)} cannot be used: ${rule} (https://go.dev/ref/mod#go-mod-file-ident). Try one like github.com/acme/orders.`;
}

/** Ports that other parts listen on beside the service, on one machine or in compose.yaml. */
const takenPorts: readonly { port: number; by: string; option?: string }[] = [
  { port: 4317, by: "OTLP's over gRPC" },
  { port: 4318, by: "the collector's for OTLP" },
  { port: 4319, by: "the collector's for its console" },
  { port: 6379, by: "Redis's", option: 'redis' },
  { port: 5432, by: "PostgreSQL's", option: 'postgres' },
  { port: 8082, by: 'that of the service it calls (SHIPPING_URL)', option: 'http-client' },
];

/**
 * What is wrong with a port, or undefined. The admin port is the next one: 65535 is refused for that, and so is a
 * pair that meets a port of the collector or of an option in `options`.
 */
export function portProblem(text: string, options: readonly string[]): string | undefined {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65534) {
    return `The port ${quote(text)} cannot be used: it is a whole number from 1 to 65534 (the admin port is the next one).`;
  }
  const taken = takenPorts.find(
    (other) =>
      (other.port === port || other.port === port + 1) &&
      (other.option === undefined || options.includes(other.option)),
  );
  if (taken === undefined) return undefined;
  return `The port ${quote(text)} cannot be used: the service takes ${port} and, for operators, ${port + 1}, and ${taken.port} is ${taken.by}. Try ${defaultPort}.`;
}

/** What is wrong with the name of a template option given by this flag, or undefined. */
function optionProblem(
  name: string,
  flag: OptionFlag,
  options: readonly TemplateOption[],
): string | undefined {
  const known = optionNames(options, flag);
  if (known.includes(name)) return undefined;
  const near = nearest(name, known);
  const other = options.find((option) => option.name === name);
  const hint =
    other !== undefined
      ? ` It is given by --${other.flag} ${name}.`
      : near !== undefined
        ? ` Did you mean ${quote(near)}?`
        : '';
  const all = flag === 'ci' ? [...known, noCi] : known;
  return `There is no option ${quote(name)} for --${flag}.${hint} Known options: ${all.join(', ')}.`;
}

/**
 * Every rule the answers break, in the order of the flags.
 * @throws CliError (exit code 2) that lists all of them
 */
export function checkAnswers(answers: Answers, options: readonly TemplateOption[]): void {
  const name = nameProblem(answers.name, answers.with);
  // A module path that only follows from the name is repaired with it.
  const follows = name !== undefined && answers.module === defaultModule(answers.name);
  const problems = [
    name,
    follows ? undefined : moduleProblem(answers.module),
    portProblem(String(answers.port), answers.with),
    optionProblem(answers.router, 'router', options),
    ...answers.with.map((name) => optionProblem(name, 'with', options)),
    ...answers.ci.map((name) => optionProblem(name, 'ci', options)),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw usage(problems.join('\n'));
}

/** What --ci takes for no pipeline. */
export const noCi = 'none';

/**
 * The command that gives the same service again without a question, run in `cwd`.
 * @param program the words that start the generator
 */
export function equivalentCommand(answers: CreateAnswers, program: string, cwd: string): string {
  const fromHere = relative(cwd, answers.dir);
  const dir = fromHere === '' ? '.' : isAbsolute(fromHere) ? answers.dir : fromHere;
  const words = [answers.name, '--module', answers.module, '--dir', dir, '--port', String(answers.port)];
  words.push('--router', answers.router);
  for (const option of answers.with) words.push('--with', option);
  words.push('--ci', answers.ci.length === 0 ? noCi : answers.ci.join(','));
  if (!answers.git) words.push('--no-git');
  return [program, ...[...words, '--yes'].map(shellWord)].join(' ');
}

/** A word as a POSIX shell reads it back unchanged. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function quote(text: string): string {
  return `"${text}"`;
}
