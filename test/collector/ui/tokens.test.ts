import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const css = readFileSync(join(import.meta.dirname, '../../../collector/ui/styles/tokens.css'), 'utf8');

/** Text on its grounds: WCAG 2.2 AA asks 4.5:1. */
const TEXT = ['tx', 'tx-2', 'tx-3', 'acc', 'err', 'warn'];
const GROUNDS = ['bg', 'sunk', 'hover', 'sel'];
/** Marks, borders of controls and the colours of services: 3:1. */
const MARKS = [
  'ctl',
  'now',
  'base',
  'err-mark',
  'warn-mark',
  ...Array.from({ length: 12 }, (_, i) => `s${i + 1}`),
];

/** The tokens of the theme whose block begins with `selector`. */
function theme(selector: string): Map<string, string> {
  const from = css.indexOf(selector);
  assert.ok(from >= 0, `tokens.css has no ${selector}`);
  const block = css.slice(from, css.indexOf('}', from));
  return new Map([...block.matchAll(/--([\w-]+):(#[0-9a-f]{6})/g)].map((m) => [m[1]!, m[2]!]));
}

function luminance(colour: string): number {
  const parts = [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16) / 255);
  const [r = 0, g = 0, b = 0] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(tokens: Map<string, string>, a: string, b: string): number {
  const [low = 0, high = 0] = [a, b].map((name) => luminance(tokens.get(name)!)).sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

for (const selector of [':root{', ':root:not([data-theme=light]){', ':root[data-theme=dark]{']) {
  test(`every text and mark of ${selector.slice(0, -1)} stands out from its ground`, () => {
    const tokens = theme(selector);
    const weak = [
      ...TEXT.flatMap((text) => GROUNDS.map((ground) => [text, ground, 4.5] as const)),
      ...MARKS.map((mark) => [mark, 'bg', 3] as const),
      ...(['err', 'tx', 'tx-2'] as const).map((text) => [text, 'err-bg', 4.5] as const),
      ['on-acc', 'acc', 4.5] as const,
    ].filter(([a, b, least]) => contrast(tokens, a, b) < least);
    assert.deepEqual(weak, []);
  });
}

test('both ways to the dark theme have the same colours', () => {
  assert.deepEqual(theme(':root[data-theme=dark]{'), theme(':root:not([data-theme=light]){'));
});
