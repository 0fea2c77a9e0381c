import { type Elf, readAddress, readStretch } from './elf.ts';

/** A module that a binary was linked from. */
export type GoModule = {
  path: string;
  version: string;
  /** Go's own hash of the module's tree (`h1:…`), which is no checksum of a file. */
  sum: string | undefined;
  /** What stood in its place. */
  replacedBy: GoModule | undefined;
};

/** What the linker leaves in a Go binary. Source of the format: https://pkg.go.dev/debug/buildinfo */
export type GoBuildInfo = {
  /** `go1.26.8`, with what follows it where the toolchain is no release. */
  goVersion: string;
  /** Import path of the main package. */
  path: string;
  main: GoModule | undefined;
  deps: readonly GoModule[];
  /** `CGO_ENABLED`, `-trimpath`, `vcs.revision`, … */
  settings: ReadonlyMap<string, string>;
};

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const headerBytes = 32;
const alignment = 16;
const most = { searched: 64 * 1024 * 1024, text: 4 * 1024 * 1024 } as const;

/** Reads the build info of a binary; undefined for one that Go did not link, or that hides it. */
export async function readGoBuildInfo(elf: Elf): Promise<GoBuildInfo | undefined> {
  const data = dataOf(elf);
  if (data === undefined) return undefined;
  const at = await find(elf, data);
  if (at === undefined) return undefined;
  const head = await readStretch(elf.source, at, headerBytes);
  const flags = head[15]!;
  const texts = (flags & 2) !== 0 ? await inlineTexts(elf, at + headerBytes) : await pointedTexts(elf, head);
  if (texts === undefined || texts.goVersion === '') return undefined;
  return { goVersion: texts.goVersion, ...parseModuleInfo(texts.module) };
}

/** Where the record lies: its section, or without section headers the first writable segment. */
function dataOf({ sections, segments }: Elf): { offset: number; size: number } | undefined {
  const section = sections.find(({ name }) => name === '.go.buildinfo');
  if (section !== undefined) return section;
  const writable = segments.find(({ type, flags }) => type === 1 && (flags & 3) === 2);
  return writable && { offset: writable.offset, size: writable.fileSize };
}

/** The record's offset in the file: aligned, its magic whole. */
async function find(
  elf: Elf,
  { offset, size }: { offset: number; size: number },
): Promise<number | undefined> {
  const step = 1024 * 1024;
  const end = offset + Math.min(size, most.searched);
  for (let at = offset; at < end; at += step) {
    const bytes = await readStretch(elf.source, at, Math.min(step + headerBytes, end - at));
    for (let i = bytes.indexOf(magic); i >= 0 && i < step; i = bytes.indexOf(magic, i + 1)) {
      if ((at + i - offset) % alignment === 0 && bytes.length - i >= headerBytes) return at + i;
    }
  }
  return undefined;
}

type Texts = { goVersion: string; module: Buffer };

/** Since Go 1.18: both texts follow the header, each behind its length as a varint. */
async function inlineTexts(elf: Elf, offset: number): Promise<Texts | undefined> {
  const version = await prefixedText(elf, offset);
  const module = version && (await prefixedText(elf, version.end));
  return module && { goVersion: version.bytes.toString('utf8'), module: withoutGuards(module.bytes) };
}

async function prefixedText(elf: Elf, offset: number): Promise<{ bytes: Buffer; end: number } | undefined> {
  const head = await readStretch(elf.source, offset, 10);
  let [length, shift, at] = [0, 1, 0];
  for (; at < head.length; at++) {
    length += (head[at]! & 0x7f) * shift;
    shift *= 128;
    if ((head[at]! & 0x80) === 0) break;
  }
  if (at >= head.length || length > most.text) return undefined;
  const begin = offset + at + 1;
  const bytes = await readStretch(elf.source, begin, length);
  return bytes.length < length ? undefined : { bytes, end: begin + length };
}

/** Before Go 1.18: pointers to two Go strings, each an address and a length. */
async function pointedTexts(elf: Elf, head: Buffer): Promise<Texts | undefined> {
  const size = head[14]!;
  const big = (head[15]! & 1) !== 0;
  if (size !== 4 && size !== 8) return undefined;
  const number = (bytes: Buffer, at: number) => {
    if (bytes.length < at + size) return 0;
    if (size === 4) return big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    return Number(big ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  };
  const pointed = async (address: number) => {
    const header = await readAddress(elf, address, 2 * size);
    return readAddress(elf, number(header, 0), Math.min(number(header, size), most.text));
  };
  const version = await pointed(number(head, 16));
  return {
    goVersion: version.toString('utf8'),
    module: withoutGuards(await pointed(number(head, 16 + size))),
  };
}

/** The linker puts 16 bytes before and behind the module's text; without them there is none. */
function withoutGuards(bytes: Buffer): Buffer {
  const whole = bytes.length >= 33 && bytes[bytes.length - 17] === 0x0a;
  return whole ? bytes.subarray(16, bytes.length - 16) : Buffer.alloc(0);
}

/** Parses lines such as `dep\tPATH\tVERSION\tSUM`. Source: https://pkg.go.dev/runtime/debug#BuildInfo.String */
function parseModuleInfo(text: Buffer): Omit<GoBuildInfo, 'goVersion'> {
  const settings = new Map<string, string>();
  const deps: GoModule[] = [];
  let [path, main, last]: ['' | string, GoModule | undefined, GoModule | undefined] = [
    '',
    undefined,
    undefined,
  ];
  for (const line of text.toString('utf8').split('\n')) {
    const [word, ...rest] = line.split('\t') as [string, ...string[]];
    if (word === 'path') path = rest[0] ?? '';
    else if (word === 'mod' || word === 'dep') {
      last = moduleOf(rest);
      if (word === 'mod') main = last;
      else deps.push(last);
    } else if (word === '=>' && last !== undefined) last.replacedBy = moduleOf(rest);
    else if (word === 'build') addSetting(settings, rest.join('\t'));
  }
  return { path, main, deps, settings };
}

function moduleOf([path = '', version = '', sum]: readonly string[]): GoModule {
  return { path, version, sum: sum === '' ? undefined : sum, replacedBy: undefined };
}

/** `KEY=VALUE`, either quoted as Go quotes where it holds white space, quotes or an equals sign. */
function addSetting(settings: Map<string, string>, text: string): void {
  const found = /^("(?:[^"\\]|\\.)*"|`[^`]*`|[^=]*)=(.*)$/s.exec(text);
  if (found !== null) settings.set(unquoted(found[1]!), unquoted(found[2]!));
}

function unquoted(text: string): string {
  if (/^`[^`]*`$/.test(text)) return text.slice(1, -1);
  if (!/^"(?:[^"\\]|\\.)*"$/.test(text)) return text;
  const escapes: Readonly<Record<string, string>> = {
    n: '\n',
    t: '\t',
    r: '\r',
    a: '\x07',
    b: '\b',
    f: '\f',
    v: '\v',
  };
  return text
    .slice(1, -1)
    .replace(
      /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gs,
      (_, x?: string, u?: string, U?: string, octal?: string, other = '') => {
        const code = octal === undefined ? Number.parseInt(x ?? u ?? U ?? '', 16) : Number.parseInt(octal, 8);
        if (Number.isNaN(code)) return escapes[other] ?? other;
        return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
      },
    );
}
