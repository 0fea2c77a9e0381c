// Random inputs for properties of our own code: mutations of seeds and of inputs that had a new kind of outcome.
import type { Property } from './target.ts';

/** Inputs beyond this are not made longer. */
const maxBytes = 65_536;

/** One to four random edits of one of the inputs. */
export function mutated(
  corpus: readonly Uint8Array[],
  random: () => number,
  more: readonly string[] = [],
): Uint8Array {
  const words = [...tokens, ...more];
  const below = (end: number) => Math.floor(random() * end);
  let bytes = Buffer.from(corpus[below(corpus.length)]!);
  for (let edits = 1 + below(4); edits > 0; edits--) {
    const [a, b] = [below(bytes.length + 1), below(bytes.length + 1)].sort((x, y) => x - y) as [
      number,
      number,
    ];
    const other = Buffer.from(corpus[below(corpus.length)]!);
    const edit = [
      () => bytes.subarray(0, a).fill(bytes[a] ?? 0, a),
      () => replaced(bytes, a, Math.min(a + 1, bytes.length), Buffer.of(below(256))),
      () => replaced(bytes, a, Math.min(a + 1, bytes.length), Buffer.of((bytes[a] ?? 0) ^ (1 << below(8)))),
      () => replaced(bytes, a, b, Buffer.alloc(0)),
      () => replaced(bytes, b, b, bytes.subarray(a, b)),
      () => replaced(bytes, a, a, Buffer.from(words[below(words.length)]!)),
      () => Buffer.concat([bytes.subarray(0, a), other.subarray(below(other.length + 1))]),
      () => movedLine(bytes, below, random),
    ][below(8)]!;
    const next = edit();
    if (next.length <= Math.max(bytes.length, maxBytes)) bytes = Buffer.from(next);
  }
  return bytes;
}

/** What formats and Go files trip over. */
const tokens = [
  '\0',
  '\n',
  '\r\n',
  '\ufeff',
  '..',
  '/',
  '{',
  '}',
  '"',
  '`',
  '//',
  '/*',
  ',',
  '<<<<<<< ',
  '=======\n',
  '\xff',
];

function replaced(bytes: Buffer, from: number, to: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

/** A line put somewhere else, or there too. */
function movedLine(bytes: Buffer, below: (end: number) => number, random: () => number): Buffer {
  const lines = bytes.toString('latin1').split('\n');
  const from = below(lines.length);
  const [line] = random() < 0.5 ? lines.splice(from, 1) : [lines[from]];
  lines.splice(below(lines.length + 1), 0, line!);
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** How many inputs with a new outcome are kept to be mutated. */
const maxCorpus = 500;

/**
 * Tries inputs until `more` says no; answers how many had an outcome that none had before.
 * @param begin is told each input before it is tried
 * @param broken is told each input that broke the property, with what was thrown; fuzzing goes on
 */
export async function fuzz(
  { seeds, check, tokens: more }: Property,
  random: () => number,
  hooks: {
    more: () => boolean;
    begin: (input: Uint8Array) => void;
    broken: (input: Uint8Array, error: unknown) => void;
  },
): Promise<number> {
  const corpus = [...seeds];
  const outcomes = new Set<string>();
  for (let tried = 0; hooks.more(); tried++) {
    const input = seeds[tried] ?? mutated(corpus, random, more);
    hooks.begin(input);
    try {
      const outcome = await check(input);
      if (outcomes.has(outcome)) continue;
      outcomes.add(outcome);
      if (tried >= seeds.length && corpus.length < maxCorpus) corpus.push(input);
    } catch (error) {
      hooks.broken(input, error);
    }
  }
  return outcomes.size;
}
