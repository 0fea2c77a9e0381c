import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Needle, NeedleSearch, standsAt } from '../../../collector/processors/redact/needle-search.ts';
import { inKernelMemory } from '../../helpers/kernel-body.ts';

const NEEDLES = ['token', 'Secret', 'eyJ', 'api_key', '-----BEGIN', 'ghp_', 'ya29.', 'xox', 'pwd', 'basic'];
const search = new NeedleSearch(NEEDLES);

/** Where needles stand, where an `@` does, and where runs of digits begin, as the search hints at them. */
function hints(bytes: Uint8Array) {
  const needles = new Set<string>();
  const ats = new Set<number>();
  const digits: number[] = [];
  search.find(bytes, (kind, place, found: readonly Needle[]) => {
    if (kind === 'at') ats.add(place);
    else if (kind === 'digits') digits.push(place);
    else for (const n of found) if (standsAt(bytes, place, n)) needles.add(`${n.text} ${place - n.at}`);
  });
  return { needles, ats, digits };
}

/** The same by looking at every place. */
function naive(bytes: Uint8Array) {
  const text = Buffer.from(bytes).toString('latin1');
  const lower = text.toLowerCase();
  const needles = new Set<string>();
  for (const needle of NEEDLES.map((n) => n.toLowerCase())) {
    for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, at + 1))
      needles.add(`${needle} ${at}`);
  }
  const ats = [...text.matchAll(/(?<=[\x21-\xff])@(?=[\x20-\xff]{2})/g)].map(({ index }) => index);
  const cards = [
    ...text.matchAll(/(?<!\d)(?:\d{13,19}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}|\d{4}[ -]\d{6}[ -]\d{4})(?!\d)/g),
  ];
  return { text, needles, ats, cards: cards.map(({ index }) => index) };
}

/** Both ways that a text may come: from anywhere, and amid the digits of others in the memory of the kernel. */
function assertNothingIsMissed(bytes: Uint8Array): void {
  assertAllFound(bytes);
  inKernelMemory(bytes, assertAllFound, '4'.charCodeAt(0));
}

function assertAllFound(bytes: Uint8Array): void {
  const found = hints(bytes);
  const { text, needles, ats, cards } = naive(bytes);
  assert.deepEqual(
    [...needles].filter((needle) => !found.needles.has(needle)),
    [],
  );
  assert.deepEqual(
    [...found.needles].filter((needle) => !needles.has(needle)),
    [],
  );
  assert.deepEqual(
    ats.filter((at) => !found.ats.has(at)),
    [],
  );
  for (const card of cards) {
    const leads = (place: number) => place <= card && /^[\d -]*$/.test(text.slice(place, card));
    assert.ok(found.digits.some(leads), `no hint leads to the digits at ${card} of ${JSON.stringify(text)}`);
  }
}

const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(...NEEDLES, ...NEEDLES.map((n) => n.toUpperCase()), 'tok', 'a@b.c'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('4111111111111111', '4111 1111-1111 1111', '3782 822463 10005', '1234'),
  },
  { weight: 2, arbitrary: fc.constantFrom(' ', '-', '.', '2026-11-27 01:13:09', 'x', '\u00e9', '7') },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b).toString('latin1')) },
);
const bytesOf = fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'));

test('a search finds every needle, every @ of an address and every run of digits that looking at each place finds', () => {
  fc.assert(fc.property(bytesOf, assertNothingIsMissed), { numRuns: 500 });
});

test('nothing is missed where a long text is cut', () => {
  for (let offset = 65_400; offset < 65_560; offset++) {
    const bytes = Buffer.alloc(140_000, 'y');
    bytes.write('token 4111-1111-1111-1111 a@b.cd eyJ', offset, 'latin1');
    assertNothingIsMissed(bytes);
  }
});

test('a text of nothing else gives as many hints as it has places', () => {
  for (const unit of ['a@', 'token', '4111111111111111 ', 'xox']) {
    assertNothingIsMissed(Buffer.from(unit.repeat(1500)));
  }
  assert.ok(hints(Buffer.from('a@'.repeat(100_000))).ats.size >= 99_999);
});
