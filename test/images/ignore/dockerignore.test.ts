import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isIgnored, literalPattern, parseIgnore } from '../../../images/index.ts';

function ignored(text: string, path: string): boolean {
  return isIgnored(parseIgnore(text), path);
}

test('keeps a file out when a pattern matches it or a folder above it', () => {
  for (const [text, path, expected] of [
    ['docs', 'docs', true],
    ['docs', 'docs/a/b.md', true],
    ['docs', 'src/docs/a.md', false],
    ['/docs/', 'docs/a.md', true],
    ['./docs', 'docs/a.md', true],
    ['*.md', 'README.md', true],
    ['*.md', 'docs/a.md', false],
    ['**/*.md', 'README.md', true],
    ['**/*.md', 'docs/deep/a.md', true],
    ['**/testdata', 'a/b/testdata/x', true],
    ['a/**', 'a', false],
    ['a/**', 'a/b/c', true],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['a/**/z', 'a/bz', false],
    ['**z', 'a/bz', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a+b', 'a+b', true],
  ] as const) {
    assert.equal(ignored(text, path), expected, `${text} and ${path}`);
  }
});

test('lets the last pattern that matches decide', () => {
  const text = '*\n!src\nsrc/secret\n!src/secret/not.go';
  assert.equal(ignored(text, 'README.md'), true);
  assert.equal(ignored(text, 'src/a.go'), false);
  assert.equal(ignored(text, 'src/secret/yes.go'), true);
  assert.equal(ignored(text, 'src/secret/not.go'), false);
});

test('as BuildKit, does not take an exception for a folder that is let in anyway, but takes one for what is below', () => {
  assert.equal(ignored('*\n!src\n**/*.md\n!src/docs', 'src/docs/a.md'), true);
  assert.equal(ignored('*\n!src\n**/*.md\n!src/docs/**', 'src/docs/a.md'), false);
});

test('reads comments, blank lines, Windows line ends and a byte order mark as BuildKit does', () => {
  const { patterns, problems } = parseIgnore('\uFEFF# all\r\n\r\n  *  \r\n! src \r\n #no comment\r\n');
  assert.deepEqual(problems, []);
  assert.deepEqual(
    patterns.map(({ text, exception, line }) => [text, exception, line]),
    [
      ['*', false, 3],
      ['src', true, 4],
      ['#no comment', false, 5],
    ],
  );
});

test('tells of what BuildKit refuses, with its line', () => {
  for (const text of ['a\n!', 'a\n[b', 'a\nb\\', 'a\n[]', 'a\n[a-]', 'a\n!/']) {
    assert.deepEqual(
      parseIgnore(text).problems.map(({ line }) => line),
      [2],
      text,
    );
  }
});

test('a literal pattern matches its path and nothing else', () => {
  const name = fc.stringMatching(/^[ab*?[\]\\!#$.]{1,6}$/).filter((text) => !/^\.+$/.test(text));
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), name, (parts, other) => {
      const path = parts.join('/');
      assert.equal(ignored(literalPattern(path), path), true);
      if (other !== path) assert.equal(ignored(literalPattern(path), other), false);
    }),
    { numRuns: 300 },
  );
});

test('agrees with regular expressions on patterns without exceptions', () => {
  const part = fc.constantFrom('a', 'b', 'ab', '*', '**', '?', 'a*', '*b', '[ab]');
  const paths = fc.array(fc.constantFrom('a', 'b', 'ab', 'ba'), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), paths, (parts, names) => {
      const path = names.join('/');
      const matched = names.some((_, at) => naive(parts).test(names.slice(0, at + 1).join('/')));
      assert.equal(ignored(parts.join('/'), path), matched, `${parts.join('/')} and ${path}`);
    }),
    { numRuns: 2_000 },
  );
});

/** Folders may be any, names have no slash. */
function naive(parts: readonly string[]): RegExp {
  const source = parts.map((part, at) => {
    if (part === '**') return at === parts.length - 1 ? '.*' : '(.*/)?';
    const name = part.replaceAll('*', '[^/]*').replaceAll('?', '[^/]');
    return at === parts.length - 1 ? name : `${name}/`;
  });
  return new RegExp(`^${source.join('')}$`);
}

test('takes no longer than its size for patterns made to be slow', () => {
  const pattern = `${'**/a*a*'.repeat(20)}b`;
  assert.equal(ignored(pattern, `${'a'.repeat(2_000)}/${'a'.repeat(2_000)}`), false);
});
