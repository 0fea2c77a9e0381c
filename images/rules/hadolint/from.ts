import type { Instruction } from '../../dockerfile/syntax.ts';

/** A FROM as it is written, nothing expanded, letters as they are: what rules compare by name. */
export type From = {
  instruction: Instruction;
  /** Without tag and digest. */
  name: string;
  tag: string | undefined;
  digest: string | undefined;
  alias: string | undefined;
  platform: string | undefined;
};

/** A FROM and what follows; the first has none where instructions stand in front of every FROM. */
export type Stretch = { from: From | undefined; instructions: readonly Instruction[] };

/** Reads a FROM. */
export function readFrom(instruction: Instruction): From {
  const [image = '', as, alias] = instruction.words.map((word) => unquote(word.text));
  const at = image.indexOf('@');
  const named = at < 0 ? image : image.slice(0, at);
  const colon = tagColon(named);
  return {
    instruction,
    name: colon < 0 ? named : named.slice(0, colon),
    tag: colon < 0 ? undefined : named.slice(colon + 1),
    digest: at < 0 ? undefined : image.slice(at + 1),
    alias: as?.toLowerCase() === 'as' ? alias : undefined,
    platform: instruction.flags.find(({ name }) => name === 'platform')?.value,
  };
}

/** A colon in front of the last slash belongs to a port, one in `${…}` to a default. */
function tagColon(named: string): number {
  let depth = 0;
  let found = -1;
  for (let at = 0; at < named.length; at++) {
    const character = named[at];
    if (character === '{') depth++;
    else if (character === '}') depth--;
    else if (character === '/' && depth <= 0) found = -1;
    else if (character === ':' && depth <= 0 && found < 0) found = at;
  }
  return found;
}

/** Takes off quotes at both ends. */
export function unquote(text: string): string {
  const quote = text[0];
  const quoted = text.length > 1 && (quote === '"' || quote === "'") && text.endsWith(quote);
  return quoted ? text.slice(1, -1) : text;
}

/** The file cut in front of each FROM. */
export function stretchesOf(instructions: readonly Instruction[]): Stretch[] {
  const found: { from: From | undefined; instructions: Instruction[] }[] = [
    { from: undefined, instructions: [] },
  ];
  for (const instruction of instructions) {
    if (instruction.keyword === 'from') found.push({ from: readFrom(instruction), instructions: [] });
    else found.at(-1)!.instructions.push(instruction);
  }
  return found.filter(({ from, instructions: own }) => from !== undefined || own.length > 0);
}

/** The name under which later stages build on a stage: its alias, or its image where it has none. */
export function stageName({ alias, name }: From): string {
  return alias ?? name;
}

/**
 * For each stretch whether a property that instructions bring holds in it: it has one itself, or a stage of the name it is
 * built from had it at its end.
 */
export function inheriting(
  stretches: readonly Stretch[],
  has: (stretch: Stretch) => boolean,
): { inherited: boolean; stretch: Stretch }[] {
  const byName = new Map<string, boolean>();
  return stretches.map((stretch) => {
    const { from } = stretch;
    const inherited = from !== undefined && byName.get(from.name) === true;
    if (from !== undefined) byName.set(stageName(from), inherited || has(stretch));
    return { inherited, stretch };
  });
}

/** The stretches that end up in an image: the last, and those that a FROM is built on. */
export function isShipped(stretch: Stretch, stretches: readonly Stretch[]): boolean {
  const { from } = stretch;
  const last = stretches.at(-1);
  if (stretch === last) return true;
  if (from === undefined || last?.from === undefined) return false;
  if (from.alias !== undefined) return stretches.some((other) => other.from?.name === from.alias);
  return last.from.alias === undefined && sameImage(from, last.from);
}

function sameImage(a: From, b: From): boolean {
  return a.name === b.name && a.tag === b.tag && a.digest === b.digest && a.platform === b.platform;
}
