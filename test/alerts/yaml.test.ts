import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { renderYaml } from '../../alerts/yaml.ts';

const awkward = fc.constantFrom(
  ...[
    '',
    ' ',
    'a: b',
    'a:',
    ':a',
    '- a',
    '-',
    '-a',
    '--- a',
    '...',
    '#a',
    'a #b',
    'a#b',
    '"',
    "'",
    `"'`,
    '{{ $labels.a }}',
  ],
  ...[
    'null',
    '~',
    'True',
    'yes',
    'on',
    '1',
    '1.5',
    '-1e3',
    '.5',
    '.inf',
    '0x1F',
    '0o7',
    '1_000',
    '12:30',
    '2026-01-01',
    '1d',
    '5m',
  ],
  ...[
    'a\nb',
    'a\n\nb\n',
    'a\n',
    '\na',
    ' a\nb',
    'a\n  b',
    'a\n ',
    'a \nb',
    'a\n\n',
    'a\r\nb',
    '\t',
    'a\tb',
    '|',
    '> 5',
    'a > 5',
  ],
  ...[
    '\0',
    '\x7f',
    '\x85',
    '\u2028',
    '\ufeff',
    '\u{1f600}',
    '\ud800',
    'sum(rate(x{a="b",c=~"d|e"}[5m]))',
    '%',
    '@',
    '`',
    '!a',
    '&a',
    '*a',
  ],
);
const text = fc.oneof(
  awkward,
  fc.string({ unit: 'binary' }),
  fc.array(awkward, { maxLength: 3 }).map((parts) => parts.join('\n')),
);
const leaf = fc.oneof(
  text,
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('map')),
  map: fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}));

for (const version of ['1.1', '1.2'] as const) {
  test(`what is rendered reads as the same value in YAML ${version}`, () => {
    fc.assert(
      fc.property(value, (one) => {
        const document = { of: one as string };
        assert.deepEqual(parse(renderYaml(document), { version, uniqueKeys: false }), document);
      }),
      { numRuns: 500 },
    );
  });
}

test('a document looks as the general writer renders it', () => {
  const groups = [
    {
      name: 'slo-shop-fast',
      interval: '30s',
      limit: 0,
      none: undefined,
      rules: [
        {
          record: 'slo:objective:ratio',
          expr: 'vector(0.999)',
          labels: { service: 'shop', route: '/orders/{id}' },
        },
        {
          alert: 'A',
          expr: 'a > 1\nand ignoring (owner)\nb{c="d"} >= 2',
          labels: {},
          annotations: { summary: '{{ $labels.a }}: "b"' },
        },
      ],
      lists: [[1, 2], [], [[true, null], { a: "it's", b: '1' }]],
    },
  ];
  const general = stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false });
  assert.equal(renderYaml({ groups }), general);
});

test('a number that is not finite is refused', () => {
  assert.throws(() => renderYaml({ a: Number.NaN }), /NaN cannot stand in a document/);
});
