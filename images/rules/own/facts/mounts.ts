import type { Instruction } from '../../../dockerfile/syntax.ts';

/** The fields of one `--mount`, by their first names: `target` for `dst` and `destination`, `source` for `src`. */
export type Mount = ReadonlyMap<string, string>;

const aliases = new Map([
  ['dst', 'target'],
  ['destination', 'target'],
  ['src', 'source'],
]);

/** What a RUN mounts. Source: https://docs.docker.com/reference/dockerfile/#run---mount */
export function mountsOf({ flags }: Pick<Instruction, 'flags'>): Mount[] {
  return flags.flatMap(({ name, value }): Mount[] => {
    if (name !== 'mount' || value === undefined) return [];
    const fields = value.split(',').map((field): [string, string] => {
      const at = field.indexOf('=');
      const key = (at < 0 ? field : field.slice(0, at)).trim().toLowerCase();
      return [aliases.get(key) ?? key, at < 0 ? '' : field.slice(at + 1).replace(/^["']|["']$/g, '')];
    });
    return [new Map([['type', 'bind'], ...fields])];
  });
}
