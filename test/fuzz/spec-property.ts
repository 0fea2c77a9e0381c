// What must hold of the reader of objectives, whatever bytes it is given.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSpecs } from '../../slo/import/read.ts';
import { sloKeys } from '../../slo/spec/keys.ts';
import type { Property } from './target.ts';

const testdata = join(import.meta.dirname, '../slo/import/testdata');

/** Pieces of YAML, PromQL and the formats, which random bytes would not hit. */
const words = [
  ...[
    '\n---\n',
    '\n- ',
    ': ',
    ' &a ',
    '*a',
    '<<: *a\n',
    '!!str ',
    '|\n  ',
    '{',
    '}',
    '[',
    ']',
    ', ',
    '"',
    "'",
    '# ',
  ],
  ...[
    '$window',
    '[$window]',
    '{{.window}}',
    'sum by (a) (',
    'rate(',
    '[5m]',
    '[5m:30s]',
    ' / ',
    ' offset 5m',
    '\t',
  ],
  ...[
    'openslo/v1',
    'prometheus/v1',
    'go-sre.slo/v1',
    'Timeslices',
    '1M',
    '4w',
    'null',
    '.nan',
    '.inf',
    '99.9',
    '{}',
  ],
  ...Object.keys(sloKeys),
];

/** It ends, it throws nothing, each problem says something and lies in the text, and a file answers something. */
function spec(): Property {
  const files = globSync('*/*.{yaml,json}', { cwd: testdata }).filter((file) => !file.includes('.golden.'));
  return {
    seeds: files.sort().map((file) => readFileSync(join(testdata, file))),
    tokens: words,
    check: (input) => {
      const text = new TextDecoder().decode(input);
      const { services, problems, warnings } = readSpecs(text, 'x.yaml');
      const lines = text.split('\n').length;
      for (const { message, line } of problems)
        if (message.trim() === '' || (line !== undefined && (line < 1 || line > lines)))
          throw new Error(`line ${line} of ${lines}: ${JSON.stringify(message)}`);
      if (services.length + problems.length + warnings.length === 0)
        throw new Error('nothing is said of the text');
      return `${Math.min(services.length, 3)} services, ${Math.min(problems.length, 9)} problems, ${Math.min(warnings.length, 9)} warnings`;
    },
  };
}

/** Every property of the reader of objectives by name. */
export const specProperties = { spec } satisfies Record<string, () => Property>;
