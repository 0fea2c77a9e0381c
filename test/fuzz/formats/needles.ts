// The search for places where a secret may stand, against looking at every place.
import { type Needle, NeedleSearch, standsAt } from '../../../collector/processors/redact/needle-search.ts';
import { inKernelMemory } from '../../helpers/kernel-body.ts';
import type { Property } from '../target.ts';
import { Disagreement, mustEqual } from './verdict.ts';

const NEEDLES = ['token', 'secret', 'eyj', 'api_key', '-----begin', 'ghp_', 'ya29.', 'xox', 'pwd', 'basic'];
/** What follows an `@` of an address, and stands before it; digits as they stand on cards. */
const AT = /(?<=[\x21-\xff])@(?=[\x20-\xff]{2})/g;
const CARD = /(?<!\d)(?:\d{13,19}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}|\d{4}[ -]\d{6}[ -]\d{4})(?!\d)/g;

/** Needles that stand in a text, each with its place; places of `@`; places where digits begin. */
interface Places {
  needles: string[];
  ats: number[];
  digits: number[];
}

function naivePlaces(text: string): Places {
  const lower = text.toLowerCase();
  const needles: string[] = [];
  for (const needle of NEEDLES) {
    for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, at + 1))
      needles.push(`${needle} ${at}`);
  }
  const placesOf = (pattern: RegExp) => [...text.matchAll(pattern)].map(({ index }) => index);
  return { needles, ats: placesOf(AT), digits: placesOf(CARD) };
}

function foundBy(search: NeedleSearch, bytes: Uint8Array): Places {
  const found: Places = { needles: [], ats: [], digits: [] };
  search.find(bytes, (kind, place, needles: readonly Needle[]) => {
    if (kind === 'at') found.ats.push(place);
    else if (kind === 'digits') found.digits.push(place);
    else {
      const standing = needles.filter((needle) => standsAt(bytes, place, needle));
      found.needles.push(...standing.map(({ text, at }) => `${text} ${place - at}`));
    }
  });
  return found;
}

/** Every needle and nothing else is found; of the others no place is missed. */
function compare(text: string, found: Places): Places {
  const truth = naivePlaces(text);
  mustEqual([...new Set(found.needles)].sort(), truth.needles.sort(), 'needles');
  const ats = new Set(found.ats);
  const missed = truth.ats.find((at) => !ats.has(at));
  if (missed !== undefined) throw new Disagreement(`the @ at ${missed} is not found`);
  for (const card of truth.digits) {
    const leads = (place: number) => place <= card && /^[\d -]*$/.test(text.slice(place, card));
    if (!found.digits.some(leads)) throw new Disagreement(`nothing leads to the digits at ${card}`);
  }
  return truth;
}

const seeds = [
  'Authorization: Basic abc token=x SECRET api_KEY=1 -----BEGIN ghp_1 ya29.x xoxb pwd',
  '{"user":"a@b.cd","card":"4111 1111-1111 1111","n":4111111111111111,"x":"3782 822463 10005"}',
  '\r----BEGIN api\x7fkey',
  `${'y'.repeat(300)} eyJhbGciOi 2026-11-27 01:13:09 @ @@ 12345678901234567890`,
];

/** A body is searched where it came, and amid the digits of others in the memory of the kernels. */
export function needles(): Property {
  const search = new NeedleSearch(NEEDLES);
  return {
    seeds: seeds.map((seed) => Buffer.from(seed)),
    tokens: [...NEEDLES, 'TOKEN', 'Eyj', '@', 'a@b.c', '4111111111111111', ' 1111', '-', '7', '\u00e9'],
    check: (bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      const { needles: all, ats, digits } = compare(text, foundBy(search, bytes));
      inKernelMemory(bytes, (body) => compare(text, foundBy(search, body)), '4'.charCodeAt(0));
      return [all, ats, digits].map(({ length }) => Math.min(length, 5)).join();
    },
  };
}
