import type { Instruction } from './syntax.ts';

/**
 * A `--mount` of RUN: its type, and its fields by their first names in lower case, `target` for `dst` and `destination`,
 * `source` for `src`; a bare word has an empty value.
 */
export type Mount = { type: string; fields: ReadonlyMap<string, string>; line: number };

/**
 * Cuts the value of `--mount` or `--device` at commas outside quotes, as a line of CSV (RFC 4180).
 * @returns undefined where the quotes are wrong
 */
export function csvFields(text: string): string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; at <= text.length; ) {
    const end = text[at] === '"' ? closingQuote(text, at) : endOfField(text, at);
    if (end === undefined) return undefined;
    const field = text.slice(at, end);
    fields.push(text[at] === '"' ? field.slice(1, -1).replaceAll('""', '"') : field);
    at = end + 1;
  }
  return fields;
}

function endOfField(text: string, start: number): number | undefined {
  const comma = text.indexOf(',', start);
  const end = comma < 0 ? text.length : comma;
  const quote = text.indexOf('"', start);
  return quote >= 0 && quote < end ? undefined : end;
}

function closingQuote(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') continue;
    if (text[at + 1] === '"') at++;
    else return at + 1 === text.length || text[at + 1] === ',' ? at + 1 : undefined;
  }
  return undefined;
}

const aliases: ReadonlyMap<string, string> = new Map([
  ['dst', 'target'],
  ['destination', 'target'],
  ['src', 'source'],
]);

/** The mounts of a RUN, without those whose value cannot be read. Source: https://docs.docker.com/reference/dockerfile/#run---mount */
export function mountsOf({ flags }: Pick<Instruction, 'flags'>): Mount[] {
  return flags.flatMap(({ name, value, line }) => {
    const fields = name === 'mount' && value !== undefined ? csvFields(value) : undefined;
    if (fields === undefined) return [];
    const pairs = fields.map((field): [string, string] => {
      const at = field.indexOf('=');
      const key = (at < 0 ? field : field.slice(0, at)).trim().toLowerCase();
      return [aliases.get(key) ?? key, at < 0 ? '' : field.slice(at + 1)];
    });
    const read = new Map(pairs);
    return [{ type: (read.get('type') ?? 'bind').toLowerCase(), fields: read, line }];
  });
}
