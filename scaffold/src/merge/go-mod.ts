import { compareGoVersions, compareVersions } from '../go/version.ts';
import type { Versions } from './text.ts';

/** One required module and the line that says so. */
type Requirement = { module: string; version: string; indirect: boolean; line: number };

/** A `( … )` of requirements: the lines of its brackets. */
type Block = { open: number; close: number };

/** What a merge needs to know of a go.mod. */
type GoMod = {
  lines: string[];
  requirements: ReadonlyMap<string, Requirement>;
  blocks: readonly Block[];
  go: { version: string; line: number } | undefined;
  /** Every other directive without its comment, such as `replace a => ../a`, and its line. */
  others: ReadonlyMap<string, number>;
};

/**
 * Merges go.mod by requirement: each module once, the user's order and comments kept. Of two versions the higher
 * wins when the template changed its own (Go picks the highest that anyone asks for as well), direct wins over
 * indirect, and what the template dropped stays, because code of the user may use it by now: `go mod tidy` knows.
 * What the user dropped stays away. replace, exclude, toolchain and the like are the user's; new ones are added.
 * @returns undefined when a version is no go.mod that this can read
 */
export function mergeGoMod({ base, ours, theirs }: Versions): string | undefined {
  const [o, a, b] = [parse(base ?? ''), parse(ours), parse(theirs)];
  if (o === undefined || a === undefined || b === undefined) return undefined;
  const lines: (string | undefined)[] = [...a.lines];
  const added: Requirement[] = [];
  for (const theirs of b.requirements.values()) {
    const [old, own] = [o.requirements.get(theirs.module), a.requirements.get(theirs.module)];
    if (own === undefined) {
      if (old === undefined) added.push(theirs);
      continue;
    }
    const merged = mergeRequirement(old, own, theirs);
    if (own.indirect && !merged.indirect) {
      lines[own.line] = undefined;
      added.push(merged);
    } else lines[own.line] = lines[own.line]!.replace(own.version, () => merged.version);
  }
  if (a.go && b.go && b.go.version !== o.go?.version && compareGoVersions(b.go.version, a.go.version) > 0) {
    lines[a.go.line] = lines[a.go.line]!.replace(a.go.version, b.go.version);
  }
  let text = lines.filter((line) => line !== undefined).join('\n');
  for (const requirement of added) text = withRequirement(text, requirement);
  return withDirectives(text, newDirectives(o, a, b));
}

function mergeRequirement(old: Requirement | undefined, own: Requirement, theirs: Requirement): Requirement {
  const changed = old?.version !== theirs.version;
  const higher = changed && compareVersions(theirs.version, own.version) > 0;
  return {
    ...own,
    version: higher ? theirs.version : own.version,
    indirect: own.indirect && theirs.indirect,
  };
}

const requirementLine = /^\s*(?:require\s+)?"?([^\s"()]+)"?\s+"?(v[^\s"]+)"?\s*(\/\/.*)?$/;

function parse(text: string): GoMod | undefined {
  const lines = text.split('\n');
  const requirements = new Map<string, Requirement>();
  const blocks: Block[] = [];
  const others = new Map<string, number>();
  let go: GoMod['go'];
  let block: { verb: string; open: number } | undefined;
  for (const [line, whole] of lines.entries()) {
    const statement = whole.replace(/\/\/.*$/, '').trim();
    if (statement === '') continue;
    const [verb = '', ...words] =
      block === undefined ? statement.split(/\s+/) : [block.verb, ...statement.split(/\s+/)];
    if (block === undefined && /^\w+\s*\($/.test(statement))
      block = { verb: statement.replace(/\W/g, ''), open: line };
    else if (block !== undefined && statement === ')') {
      if (block.verb === 'require') blocks.push({ open: block.open, close: line });
      block = undefined;
    } else if (verb === 'require') {
      const found = requirementLine.exec(whole);
      if (found === null || requirements.has(found[1]!)) return undefined;
      const indirect = /^\/\/\s*indirect\b/.test(found[3] ?? '');
      requirements.set(found[1]!, { module: found[1]!, version: found[2]!, indirect, line });
    } else if (verb === 'go') go = { version: words[0] ?? '', line };
    else if (/^[a-z]+$/.test(verb) && words.length > 0) others.set([verb, ...words].join(' '), line);
    else return undefined;
  }
  return block === undefined ? { lines, requirements, blocks, go, others } : undefined;
}

/** The text with one more requirement: in the block that holds its kind, where the order of paths wants it. */
function withRequirement(text: string, { module, version, indirect }: Requirement): string {
  const { lines, requirements, blocks } = parse(text)!;
  const within = ({ open, close }: Block) =>
    [...requirements.values()].filter(({ line }) => line > open && line < close);
  const entry = `\t${module} ${version}${indirect ? ' // indirect' : ''}`;
  const block = blocks.find((block) => within(block).some((other) => other.indirect === indirect));
  if (block === undefined) return withBlock(text, entry);
  const later = within(block).find((other) => other.module > module);
  return lines.toSpliced(later?.line ?? block.close, 0, entry).join('\n');
}

function withBlock(text: string, entry: string): string {
  return `${text.replace(/\n*$/, '\n')}\nrequire (\n${entry}\n)\n`;
}

/** Directives that are new in the template and of which the user has none for the same thing. */
function newDirectives(o: GoMod, a: GoMod, b: GoMod): string[] {
  const subject = (directive: string) => {
    const [verb, first] = directive.split(' ');
    return verb === 'module' || verb === 'toolchain' ? verb : `${verb} ${first}`;
  };
  const taken = new Set([...a.others.keys()].map(subject));
  return [...b.others.keys()].filter(
    (directive) => !o.others.has(directive) && !taken.has(subject(directive)),
  );
}

function withDirectives(text: string, directives: readonly string[]): string {
  if (directives.length === 0) return text;
  return `${text.replace(/\n*$/, '\n')}\n${directives.join('\n')}\n`;
}

/**
 * Merges go.sum: the lines of both sides, each once, in Go's order (golang.org/x/mod/module, Sort: path, version,
 * file). A hash too many does no harm, one that is missing stops the build.
 */
export function mergeGoSum({ ours, theirs }: Versions): string {
  const lines = new Set(`${ours}\n${theirs}`.split('\n').filter((line) => line.trim() !== ''));
  return [...lines]
    .sort(compareSums)
    .map((line) => `${line}\n`)
    .join('');
}

/** The order of two lines of go.sum: path, then version, and the module before its go.mod. */
export function compareSums(a: string, b: string): number {
  const [[module = '', version = ''], [otherModule = '', otherVersion = '']] = [a.split(' '), b.split(' ')];
  if (module !== otherModule) return module < otherModule ? -1 : 1;
  const [number = ''] = version.split('/');
  const [otherNumber = ''] = otherVersion.split('/');
  return compareVersions(number, otherNumber) || (a < b ? -1 : a > b ? 1 : 0);
}
