// What must hold of the shell reader, whatever bytes it is given.
import { readShell } from '../../images/shell/parser.ts';
import type { Property } from './target.ts';

const seeds = [
  'apt-get update && apt-get install -y "a=1" b; rm -rf /var/lib/apt/lists/*',
  'if [ -f x ]; then y | z; elif w; then v; else u; fi > log 2>&1',
  'for i in a b; do case $i in (a|b) c;; *) d; esac; done',
  'x=$(a `b \\`c\\`` "${d:-$(e)}") f <(g) >(h) && ((i++)) || { j; } & k',
  'cat <<-"E" | l\n\t$(m)\n\tE\nn() (o)\nfunction p { q; }\nselect r in s; do t; done',
] as const;

/** Pieces of the grammar, which random bytes would not hit. */
const words = [
  ...[
    '$(',
    '$((',
    '${',
    '`',
    '"',
    "'",
    "$'",
    '\\',
    '(',
    ')',
    '((',
    '))',
    '{ ',
    ' }',
    ';',
    ';;',
    '&&',
    '||',
    '|',
    '&',
  ],
  ...[
    '\n',
    '# ',
    '<<E\n',
    '\nE\n',
    '<<<',
    '>',
    '<(',
    'if ',
    '; then ',
    '; fi',
    'for i in ',
    '; do ',
    '; done',
    'case ',
  ],
  ...[
    ' in ',
    ' esac',
    '[[ ',
    ' ]]',
    '[ ',
    ' ]',
    'f() ',
    'function ',
    'time ',
    'coproc ',
    '! ',
    'x=(',
    'export ',
    '@(',
  ],
];

/** It ends, it throws nothing, and every word lies in the text. */
function shell(): Property {
  const encoder = new TextEncoder();
  return {
    seeds: seeds.map((text) => encoder.encode(text)),
    tokens: words,
    check: (input) => {
      const text = new TextDecoder().decode(input);
      const { commands, pipelines, broken } = readShell(text);
      if (broken && commands.length + pipelines > 0) throw new Error('a broken text has commands');
      for (const { index, end, words } of commands)
        for (const place of [{ index, end }, ...words])
          if (place.index < 0 || place.index > place.end || place.end > text.length + 1)
            throw new Error(`${place.index} to ${place.end} of ${text.length}`);
      return broken
        ? 'broken'
        : `${Math.min(commands.length, 9)} commands, ${Math.min(pipelines, 3)} pipelines`;
    },
  };
}

/** Every property of the shell reader by name. */
export const shellProperties = { shell } satisfies Record<string, () => Property>;
