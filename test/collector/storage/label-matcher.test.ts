import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { compileRegex } from '../../../collector/storage/embedded/label-matcher.ts';
import { refused } from './contract.ts';

/** Patterns that RE2 and JavaScript read alike; shallow, because JavaScript backtracks over deep ones for hours. */
const { pattern } = fc.letrec<{ pattern: string; atom: string; piece: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'group', withCrossShrink: true },
    fc.constantFrom(
      'a',
      'b',
      'é',
      '😀',
      '.',
      '\\d',
      '\\w',
      '\\S',
      '[ab]',
      '[^a]',
      '[a-c0-9]',
      '\\.',
      '[\\d.-]',
      '^',
      '$',
    ),
    tie('pattern').map((inner) => `(${inner})`),
    tie('pattern').map((inner) => `(?:${inner})`),
  ),
  piece: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '*?', '{2}', '{0,2}', '{1,}'))
    .map(([atom, repeat]) => (atom === '^' || atom === '$' ? atom : atom + repeat)),
  pattern: fc
    .array(fc.array(tie('piece'), { maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((options) => options.map((pieces) => pieces.join('')).join('|')),
}));
const text = fc.array(fc.constantFrom('a', 'b', 'c', 'é', '😀', '1', '.', '\n', ' ', '-'), { maxLength: 5 });

it('a regular expression matches what the same anchored one matches in JavaScript', () => {
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 5 }), (source, texts) => {
      const ours = compileRegex(source);
      const theirs = new RegExp(`^(?:${source})$`, 'su');
      for (const chars of texts) {
        const one = chars.join('');
        assert.equal(ours(one), theirs.test(one), `/${source}/ over ${JSON.stringify(one)}`);
      }
    }),
    { numRuns: 1000 },
  );
});

it('a pattern that would hold a backtracking engine for ages is answered at once', () => {
  const regex = compileRegex('(a|aa)*(a+)+b');
  assert.equal(regex('a'.repeat(2000)), false);
  assert.equal(regex(`${'a'.repeat(2000)}b`), true);
});

it('(?i) at the beginning ignores case', () => {
  assert.equal(compileRegex('(?i)get|é[x-z]')('GeT'), true);
  assert.equal(compileRegex('(?i)get|é[x-z]')('ÉY'), true);
  assert.equal(compileRegex('get')('GET'), false);
});

it('a group may have a name, as in RE2', () => {
  assert.equal(compileRegex('(?P<method>GET|POST)')('POST'), true);
});

const UNREADABLE = [
  '(',
  ')',
  'a)',
  '[a',
  '[b-a]',
  '*a',
  'a{1001}',
  'a{3,2}',
  '\\',
  '\\1',
  '(?=a)',
  '(?<!a)b',
  '((((a{99}){99}){99}){99})',
  'a'.repeat(5000),
];
for (const source of UNREADABLE) {
  it(`refuses ${source.slice(0, 30)}`, () => {
    assert.throws(() => compileRegex(source), refused('bad-request'));
  });
}
