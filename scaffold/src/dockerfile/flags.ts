import {
  baseKinds,
  type ForProgram,
  isGoVersion,
  type PlanOptions,
  type PrivateAccess,
  shellWord,
  splitWords,
  type VersionVariable,
} from '../../../images/index.ts';
import { usage } from '../errors.ts';
import { listed } from '../flags.ts';

/** The flags that shape the file: what its head line repeats. */
export const shapingFlags = {
  main: {
    type: 'string',
    multiple: true,
    value: 'PACKAGE',
    does: 'a program to build, ./cmd/shop; may be repeated (default: all)',
  },
  context: {
    type: 'string',
    value: 'DIR',
    does: 'folder that is sent to the build, relative to DIR (default: that of go.mod or go.work)',
  },
  tags: { type: 'string', multiple: true, value: 'TAGS', does: 'build tags' },
  base: {
    type: 'string',
    value: 'KIND',
    does: `${baseKinds.join(', ')} (default: by what the program needs)`,
  },
  cgo: { type: 'string', value: 'on|off', does: 'build with C or without (default: by what is linked)' },
  static: { type: 'boolean', does: 'link a program with C statically' },
  packages: {
    type: 'string',
    multiple: true,
    value: 'NAME=VERSION',
    does: 'Debian packages for the build stage, for programs with C',
  },
  'go-version': {
    type: 'string',
    value: 'VERSION',
    does: 'Go to build with, 1.26.8 (default: newest patch of a line that is kept up)',
  },
  platform: {
    type: 'string',
    multiple: true,
    value: 'OS/ARCH',
    does: 'what it must build for (default: linux/amd64, linux/arm64)',
  },
  private: {
    type: 'string',
    value: 'secret|ssh[=PATTERNS]',
    does: 'how private modules are fetched (default: secret where GOPRIVATE names one)',
  },
  goproxy: {
    type: 'boolean',
    does: 'take GOPROXY as a build argument, for builds that reach modules by another proxy',
  },
  expose: { type: 'string', multiple: true, value: '[NAME=]PORT', does: 'a port the program listens on' },
  healthcheck: {
    type: 'string',
    multiple: true,
    value: '[NAME=]WORDS',
    does: 'words behind the binary that ask it for its health',
  },
  'version-var': {
    type: 'string',
    multiple: true,
    value: 'VAR[=WHAT]',
    does: 'main.version, or main.rev=revision, main.date=created (default: found in the code)',
  },
  source: {
    type: 'string',
    value: 'URL',
    does: 'address of the code, for its label (default: by the module path)',
  },
} as const;

type Shaping = {
  -readonly [Name in keyof typeof shapingFlags]?: (typeof shapingFlags)[Name] extends { multiple: true }
    ? string[]
    : (typeof shapingFlags)[Name]['type'] extends 'boolean'
      ? boolean
      : string;
};

export type ShapingValues = Shaping;

/** The words that give these flags again, in the order of the table. */
export function wordsOf(values: ShapingValues): string {
  const words = Object.keys(shapingFlags).flatMap((name) => {
    const value = values[name as keyof ShapingValues];
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    return (Array.isArray(value) ? value : [value]).flatMap((one) => [`--${name}`, shellWord(one)]);
  });
  return words.join(' ');
}

/** What the flags ask for. @throws CliError (exit code 2) where a value is none that the flag takes */
export function planOptions(
  values: ShapingValues,
): Omit<PlanOptions, 'commandLine' | 'file' | 'baseImages' | 'today' | 'private'> {
  const version = values['go-version'];
  if (version !== undefined && !isGoVersion(version))
    throw usage(`--go-version ${version}: a version like 1.26.8 is expected.`);
  return {
    base: values.base === undefined ? undefined : oneOf('base', values.base, baseKinds),
    cgo: values.cgo === undefined ? undefined : oneOf('cgo', values.cgo, ['on', 'off']),
    static: values.static === true,
    goProxy: values.goproxy === true,
    goVersion: version?.replace(/^go/, ''),
    tags: tagsOf(values),
    packages: listed(values.packages ?? []).map(debianPackage),
    expose: (values.expose ?? []).map((text) => port(text)),
    healthcheck: (values.healthcheck ?? []).map(healthWords),
    versionVariables:
      values['version-var'] === undefined ? undefined : values['version-var'].flatMap(versionVariable),
    source: values.source === undefined ? undefined : address(values.source),
  };
}

export function tagsOf(values: ShapingValues): string[] {
  const tags = (values.tags ?? []).flatMap((list) => list.split(/[ ,]+/)).filter((tag) => tag !== '');
  const wrong = tags.find((tag) => !/^[\w.]+$/.test(tag));
  if (wrong !== undefined) throw usage(`--tags ${wrong}: a tag has letters, digits, _ and dots.`);
  return tags;
}

export function platformsOf(values: ShapingValues): string[] {
  const platforms = listed(values.platform ?? ['linux/amd64', 'linux/arm64']);
  const wrong = platforms.find((one) => !/^linux\/[a-z0-9]+(?:\/v\d)?$/.test(one));
  if (wrong !== undefined) throw usage(`--platform ${wrong}: linux/ARCH is expected, such as linux/arm64.`);
  return [...new Set(platforms)];
}

/** @param found patterns of GOPRIVATE that match a module of the build */
export function privateAccess(values: ShapingValues, found: readonly string[]): PrivateAccess | undefined {
  if (values.private === undefined) return found.length === 0 ? undefined : { by: 'secret', patterns: found };
  const [by = '', patterns] = splitOnce(values.private);
  const list = patterns === undefined ? [...found] : listed([patterns]).filter((one) => one !== '');
  const access = { by: oneOf('private', by, ['secret', 'ssh']), patterns: list };
  const wrong = list.find((one) => !/^[\w.*?[\]-]+(?:\/[\w.*?[\]~-]+)*$/.test(one));
  if (wrong !== undefined)
    throw usage(`--private ${values.private}: ${wrong} is no pattern of module paths.`);
  if (access.by === 'ssh' && (list.length === 0 || list.some((one) => /[*?[]/.test(one.split('/')[0]!)))) {
    throw usage('--private ssh needs the hosts: --private ssh=git.example.com, or ssh=github.com/acme.');
  }
  return access;
}

function oneOf<const T extends string>(flag: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw usage(`--${flag} takes ${known.join(', ')}; ${value} is none of them.`);
  return found;
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Source: https://www.debian.org/doc/debian-policy/ch-controlfields.html: names and versions. */
function debianPackage(text: string): string {
  if (!/^[a-z0-9][a-z0-9+.-]+(?:=[A-Za-z0-9.+:~*-]+)?$/.test(text)) {
    throw usage(`--packages ${text}: NAME=VERSION is expected, such as libpcap-dev=1.10.5-2.`);
  }
  return text;
}

function port(text: string): ForProgram<string> {
  const [first, second] = splitOnce(text);
  const value = second ?? first;
  if (!/^\d{1,5}(?:\/(?:tcp|udp))?$/.test(value) || Number.parseInt(value, 10) > 65_535) {
    throw usage(`--expose ${text}: a port is expected, such as 8080 or 53/udp.`);
  }
  return { program: second === undefined ? undefined : first, value };
}

function healthWords(text: string): ForProgram<readonly string[]> {
  const named = /^([a-z][a-z0-9._-]*)=(.+)$/.exec(text);
  const words = splitWords((named?.[2] ?? text).trim());
  if (words === undefined || words.length === 0)
    throw usage(`--healthcheck ${text}: words for the binary are expected, such as health.`);
  return { program: named?.[1], value: words };
}

function versionVariable(text: string): VersionVariable[] {
  if (text === 'none') return [];
  const [name, what] = splitOnce(text);
  if (!/^[\w./~-]+\.[A-Za-z_]\w*$/.test(name))
    throw usage(`--version-var ${text}: PACKAGE.NAME is expected, such as main.version.`);
  return [{ name, holds: oneOf('version-var NAME=', what ?? 'version', ['version', 'revision', 'created']) }];
}

function address(text: string): string {
  if (!/^https?:\/\/[^\s"'\\$]+$/.test(text))
    throw usage(`--source ${text}: an address with https:// is expected.`);
  return text;
}
