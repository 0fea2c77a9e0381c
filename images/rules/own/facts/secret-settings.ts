import { pairsOf } from '../../../dockerfile/pairs.ts';
import type { Build } from '../../../dockerfile/stages.ts';
import type { Instruction } from '../../../dockerfile/syntax.ts';
import { shellLine } from '../../../shell/of-instruction.ts';
import type { ShellCommand } from '../../../shell/syntax.ts';
import type { Subject } from '../../rule.ts';
import { isSecretName } from './secret-keys.ts';
import { commandName } from './shell.ts';

/** A name that is given a value somewhere in a Dockerfile; undefined: an ARG without a default. */
export type Setting = { name: string; value: string | undefined; line: number; by: string };

/** Every instruction of a file, and what ONBUILD defers. */
export function allInstructions({ dockerfile }: Build): Instruction[] {
  return dockerfile.instructions.map((instruction) => instruction.trigger ?? instruction);
}

/** Every setting in ENV, ARG, LABEL, the commands of RUN, and the files that here-documents write. */
export function settingsOf(instruction: Instruction, { shell }: Pick<Subject, 'shell'>): Setting[] {
  const { keyword } = instruction;
  const by = keyword.toUpperCase();
  if (keyword === 'env' || keyword === 'arg' || keyword === 'label') {
    return pairsOf(instruction).map(({ key, value, line }) => ({
      ...{ line, by },
      name: unquote(key),
      value: value === undefined ? undefined : unquote(value),
    }));
  }
  const inline = keyword === 'copy' || keyword === 'add' || keyword === 'run' ? instruction.heredocs : [];
  const script = keyword === 'run' && /^\d*<</.test(instruction.args) ? inline.slice(0, 1) : [];
  const files = inline
    .filter((one) => !script.includes(one))
    .flatMap(({ content, startLine }) => linesOf(content, startLine, `${by} <<`));
  const commands = (keyword === 'run' ? shell(instruction).commands : []).flatMap((command) =>
    commandSettings(command, instruction),
  );
  return [...files, ...commands];
}

function commandSettings(command: ShellCommand, instruction: Instruction): Setting[] {
  const line = shellLine(instruction, command.index);
  const name = commandName(command);
  const own = command.assignments.map((one) => ({ name: one.name, value: one.value, line, by: 'RUN' }));
  const written = name === 'echo' || name === 'printf' ? echoed(command, line) : [];
  return [...own, ...exported(command, name, line), ...flagSettings(command, name, line), ...written];
}

function exported({ args }: ShellCommand, name: string, line: number): Setting[] {
  if (!['export', 'env', 'declare', 'setx', 'set'].includes(name)) return [];
  return args.flatMap((arg): Setting[] => {
    const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(arg);
    return match === null ? [] : [{ name: match[1]!, value: match[2]!, line, by: 'RUN' }];
  });
}

/** `--token=abc`, `--password abc`, `curl -u user:abc`, `docker login -p abc`, `sshpass -p abc`, `mysql -pabc`. */
function flagSettings({ args }: ShellCommand, name: string, line: number): Setting[] {
  const found: Setting[] = [];
  const add = (flag: string, value: string | undefined) => {
    if (value !== undefined && !value.startsWith('-')) found.push({ name: flag, value, line, by: `${name}` });
  };
  for (const [at, arg] of args.entries()) {
    const long = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(arg);
    if (long !== null && isSecretName(long[1]!)) add(long[1]!, long[2] ?? args[at + 1]);
    const basic = /^(?:-u|--user)$/.test(arg) ? args[at + 1] : /^--user=(.*)$/.exec(arg)?.[1];
    if ((name === 'curl' || name === 'http') && basic?.includes(':') === true)
      add('password', basic.slice(basic.indexOf(':') + 1));
    if (
      arg === '-p' &&
      args.includes('login') &&
      /^(?:docker|podman|buildah|skopeo|helm|oras|crane|az)$/.test(name)
    )
      add('password', args[at + 1]);
    if (name === 'sshpass' && /^-p/.test(arg)) add('password', arg.length > 2 ? arg.slice(2) : args[at + 1]);
    if (/^(?:mysql|mysqladmin|mysqldump|mariadb)$/.test(name) && /^-p./.test(arg))
      add('password', arg.slice(2));
    const registry = /:?_(?:authToken|auth|password)[= ](.+)$/s.exec(arg);
    if (registry !== null) add('_authToken', registry[1]!);
    else if (/:?_(?:authToken|auth|password)$/.test(arg)) add('_authToken', args[at + 1]);
    const bearer =
      /^authorization:\s*(?:bearer|basic|token)\s+(\S+)/i.exec(arg) ??
      /^(?:private-token|x-api-key|x-auth-token|job-token):\s*(\S+)/i.exec(arg);
    if (bearer !== null) add('authorization token', bearer[1]!);
  }
  return found;
}

/** What echo and printf write: lines of a settings file, `.netrc`, what chpasswd reads. */
function echoed({ args }: ShellCommand, line: number): Setting[] {
  const text = args
    .filter((arg) => !arg.startsWith('-'))
    .join(' ')
    .replaceAll('\\n', '\n');
  const account = /^(\w[\w-]*):([^\s:]+)$/.exec(text);
  const passwd =
    account !== null && /^(?:root|admin|app|user)$/.test(account[1]!)
      ? [{ name: 'password', value: account[2]!, line, by: 'RUN' }]
      : [];
  return [...linesOf(text, line, 'RUN').map((one) => ({ ...one, line })), ...passwd];
}

/** Settings in a text: `KEY=value`, `key: value`, `"key": "value"`, and `machine … password …` of a .netrc. */
export function linesOf(content: string, startLine: number, by: string): Setting[] {
  return content.split('\n').flatMap((text, index): Setting[] => {
    const line = startLine + index;
    const netrc = /\bpassword\s+(\S+)/.exec(/\bmachine\s|\blogin\s/.test(text) ? text : '');
    if (netrc !== null) return [{ name: 'password', value: netrc[1]!, line, by }];
    const registry = /:?_(?:authToken|auth|password)\s*=\s*(\S+)/.exec(text);
    if (registry !== null) return [{ name: '_authToken', value: unquote(registry[1]!), line, by }];
    const match = /^\s*(?:export\s+|-\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*(?:=|:\s)\s*(.+)$/.exec(
      text.replace(/[,;]?\r?$/, ''),
    );
    return match === null ? [] : [{ name: match[1]!, value: unquote(match[2]!.trim()), line, by }];
  });
}

function unquote(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2');
}
