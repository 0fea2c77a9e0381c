// What BuildKit refuses of an instruction that it could read. Source: moby/buildkit, frontend/dockerfile/instructions.
import { parseHeredocStart } from './heredoc.ts';
import { csvFields } from './mounts.ts';
import type { Instruction, SyntaxProblem } from './syntax.ts';
import { firstWord } from './text.ts';

/** Flags of an instruction: name -> whether it is a switch, which takes no value but true or false. */
type KnownFlags = Readonly<Record<string, 'value' | 'switch'>> | 'any';

type Grammar = { flags: KnownFlags; refuse: (instruction: Instruction) => string | undefined };

const none: KnownFlags = {};

/** Every instruction there is. */
const grammars: Readonly<Record<string, Grammar>> = {
  from: { flags: { platform: 'value' }, refuse: refuseFrom },
  run: {
    flags: { mount: 'value', network: 'value', security: 'value', device: 'value' },
    refuse: refuseRun,
  },
  copy: {
    flags: {
      ...{ chown: 'value', from: 'value', chmod: 'value', exclude: 'value' },
      ...{ link: 'switch', parents: 'switch' },
    },
    refuse: refuseCopy,
  },
  add: {
    flags: {
      ...{ chown: 'value', chmod: 'value', checksum: 'value', exclude: 'value' },
      ...{ link: 'switch', 'keep-git-dir': 'switch', unpack: 'switch' },
    },
    refuse: refuseCopy,
  },
  cmd: { flags: none, refuse: () => undefined },
  entrypoint: { flags: none, refuse: () => undefined },
  shell: { flags: none, refuse: refuseShell },
  env: { flags: none, refuse: refusePairs },
  label: { flags: none, refuse: refusePairs },
  arg: { flags: 'any', refuse: refuseArg },
  workdir: { flags: none, refuse: exactlyOne },
  user: { flags: none, refuse: exactlyOne },
  maintainer: { flags: none, refuse: exactlyOne },
  stopsignal: { flags: 'any', refuse: exactlyOne },
  expose: { flags: none, refuse: atLeastOne },
  volume: { flags: none, refuse: refuseVolume },
  onbuild: { flags: none, refuse: refuseOnbuild },
  healthcheck: {
    flags: {
      ...{ interval: 'value', timeout: 'value', retries: 'value' },
      ...{ 'start-period': 'value', 'start-interval': 'value' },
    },
    refuse: refuseHealthcheck,
  },
};

/** What BuildKit would refuse, in the order of the file. */
export function refusals(instructions: readonly Instruction[]): SyntaxProblem[] {
  let stageBegun = false;
  return instructions.flatMap((instruction) => {
    const { keyword, startLine: line } = instruction;
    const grammar = Object.hasOwn(grammars, keyword) ? grammars[keyword] : undefined;
    if (grammar === undefined) return [{ line, message: `${shown(instruction.spelling)} is no instruction` }];
    const early = !stageBegun && keyword !== 'from' && keyword !== 'arg';
    stageBegun ||= keyword === 'from';
    const message =
      refuseFlags(instruction, grammar.flags) ??
      grammar.refuse(instruction) ??
      (early ? `${keyword.toUpperCase()} stands before the first FROM` : undefined);
    return message === undefined ? [] : [{ line, message }];
  });
}

/** A word from the file, cut where it is long. */
function shown(word: string): string {
  return JSON.stringify(word.length > 60 ? `${word.slice(0, 60)}…` : word);
}

/** BuildKit looks at no flag of ARG, STOPSIGNAL and HEALTHCHECK NONE. */
function refuseFlags({ keyword, flags, args }: Instruction, known: KnownFlags): string | undefined {
  if (known === 'any' || /^none$/i.test(keyword === 'healthcheck' ? firstWord(args).word : ''))
    return undefined;
  const seen = new Set<string>();
  for (const { name, value } of flags) {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) return `${keyword.toUpperCase()} has no flag --${name}`;
    if (seen.has(name) && name !== 'mount' && name !== 'exclude' && name !== 'device')
      return `--${name} stands twice`;
    seen.add(name);
    if (kind === 'value' && value === undefined) return `--${name} needs a value`;
    if (kind === 'switch' && value !== undefined && !/^(?:true|false)$/i.test(value))
      return `--${name} is true or false, not ${shown(value)}`;
  }
  return undefined;
}

const networks = ['none', 'default', 'host'];
const securities = ['sandbox', 'insecure'];

function refuseRun({ flags }: Instruction): string | undefined {
  for (const { name, value = '' } of flags) {
    if (name === 'network' && !networks.includes(value))
      return `--network is one of ${networks.join(', ')}, not ${shown(value)}`;
    if (name === 'security' && !securities.includes(value))
      return `--security is one of ${securities.join(', ')}, not ${shown(value)}`;
    if (name !== 'mount' && name !== 'device') continue;
    const fields = csvFields(value);
    if (value === '') return `--${name} needs a value`;
    if (fields === undefined) return `the quotes in --${name} ${shown(value)} are wrong`;
    if (name === 'mount' && fields.some((field) => /^from=.*\$./is.test(field)))
      return 'a mount cannot be from a variable: name a stage FROM it and mount that';
  }
  return undefined;
}

function refuseFrom({ words }: Instruction): string | undefined {
  if (words.length !== 1 && (words.length !== 3 || words[1]!.text.toLowerCase() !== 'as'))
    return 'FROM takes an image, or an image, AS and a name';
  const name = words[2]?.text.toLowerCase();
  if (name !== undefined && !/^[a-z][a-z0-9-_.]*$/.test(name))
    return `${shown(words[2]!.text)} cannot name a stage: it begins with a letter and has letters, digits, -, _ and .`;
  return undefined;
}

function refuseCopy({ keyword, words, json }: Instruction): string | undefined {
  const args = json ?? words.map(({ text }) => text);
  if (args.length < 2) return `${keyword.toUpperCase()} needs a source and a destination`;
  if (json === undefined && isHeredoc(args.at(-1)!)) return 'a here-document cannot be the destination';
  return undefined;
}

function isHeredoc(word: string): boolean {
  try {
    return parseHeredocStart(word) !== undefined;
  } catch {
    return false;
  }
}

function refuseShell({ json }: Instruction): string | undefined {
  return json === undefined || json.length === 0 ? 'SHELL takes a JSON array of strings' : undefined;
}

function refusePairs({ keyword, words, args }: Instruction): string | undefined {
  const first = words[0]?.text;
  if (first === undefined) return `${keyword.toUpperCase()} needs at least one argument`;
  if (!first.includes('=')) {
    return /[\t\v\f\r ]/.test(args) ? undefined : `${keyword.toUpperCase()} needs a name and a value`;
  }
  const bare = words.find(({ text }) => !text.includes('='));
  if (bare !== undefined) return `${shown(bare.text)} has no =: ${keyword.toUpperCase()} takes name=value`;
  return words.some(({ text }) => text.startsWith('=')) ? 'a name is empty in front of =' : undefined;
}

function refuseArg({ words }: Instruction): string | undefined {
  if (words.length === 0) return 'ARG needs at least one argument';
  return words.some(({ text }) => text.startsWith('=')) ? 'a name is empty in front of =' : undefined;
}

function exactlyOne({ keyword, args }: Instruction): string | undefined {
  return args === '' ? `${keyword.toUpperCase()} needs an argument` : undefined;
}

function atLeastOne({ keyword, args }: Instruction): string | undefined {
  return args === '' ? `${keyword.toUpperCase()} needs at least one argument` : undefined;
}

function refuseVolume(instruction: Instruction): string | undefined {
  const { json, words } = instruction;
  if ((json ?? words).length === 0) return 'VOLUME needs at least one argument';
  return json?.some((path) => path.trim() === '') ? 'a volume has an empty path' : undefined;
}

function refuseOnbuild({ trigger }: Instruction): string | undefined {
  if (trigger === undefined) return 'ONBUILD needs an instruction';
  const { keyword } = trigger;
  if (keyword === 'onbuild') return 'ONBUILD cannot defer an ONBUILD';
  return keyword === 'from' || keyword === 'maintainer'
    ? `ONBUILD cannot defer ${keyword.toUpperCase()}`
    : undefined;
}

function refuseHealthcheck({ args, json, flags }: Instruction): string | undefined {
  const { word, rest } = firstWord(args);
  const kind = word.toUpperCase();
  if (kind === '') return 'HEALTHCHECK needs CMD or NONE';
  if (kind === 'NONE') return rest !== '' ? 'HEALTHCHECK NONE takes no arguments' : undefined;
  if (kind !== 'CMD') return `HEALTHCHECK takes CMD or NONE, not ${shown(word)}`;
  const empty = json === undefined ? rest === '' : json.length === 0;
  return empty ? 'HEALTHCHECK CMD needs a command' : refuseTimes(flags);
}

/** A duration as Go writes it: `1m30s`, `1.5h`, `0`. Source: https://pkg.go.dev/time#ParseDuration */
const duration = /^(?:0|[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

function refuseTimes(flags: Instruction['flags']): string | undefined {
  for (const { name, value = '' } of flags) {
    if (value === '' || value.includes('$')) continue;
    if (name === 'retries' && !/^\d{1,9}$/.test(value))
      return `--retries is a whole number, not ${shown(value)}`;
    if (name !== 'retries' && !duration.test(value))
      return `--${name} is a duration like 10s, not ${shown(value)}`;
  }
  return undefined;
}
