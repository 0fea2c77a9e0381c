import { SPELLINGS } from '../../formats/log-line/fields.ts';
import { cardsIn } from './cards.ts';
import type { TextMasker } from './text-masker.ts';

/** Fields that are ids, times and levels: numbers and hex that mean what they say. */
const KEPT = new Set(
  [...SPELLINGS.time, ...SPELLINGS.traceId, ...SPELLINGS.spanId, ...SPELLINGS.level].map(({ key }) => key),
);
/** A string, a number, or a sign; what else there is in JSON (true, false, null, spaces) is passed over. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\]:,]/gs;
/** One character of a string as JSON writes it. */
const CHARACTER = /\\u[0-9a-fA-F]{4}|\\.|[^\\]/gs;

/** Whether a place to be looked at lies in line[start, end). */
type HasPlace = (start: number, end: number) => boolean;

/**
 * A JSON line with its secrets masked, of the same length and still JSON; undefined when it is no JSON. Texts are
 * masked as they read, escapes and all; a number that is a secret becomes a string of asterisks in its place. Lines
 * come as latin1, a character for each byte.
 */
export function maskJsonLine(line: string, masker: TextMasker, hasPlace: HasPlace): string | undefined {
  if (!isJsonObject(line)) return undefined;
  const out: string[] = [];
  let done = 0;
  for (const { token, start, key, secret } of values(line, masker)) {
    const end = start + token.length;
    if (!secret && (KEPT.has(key) || !hasPlace(start, end))) continue;
    const masked = token.startsWith('"')
      ? maskString(token, masker, secret)
      : maskNumber(token, masker, secret);
    if (masked === token) continue;
    out.push(line.slice(done, start), masked);
    done = end;
  }
  return out.join('') + line.slice(done);
}

function isJsonObject(line: string): boolean {
  if (!/^\s*\{/.test(line)) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

interface Value {
  token: string;
  start: number;
  /** The key it stands under; of an element of a list the list's. */
  key: string;
  /** It, or something around it, stands under a secret's key. */
  secret: boolean;
}

/** Strings and numbers of a line that is JSON, keys apart. */
function* values(line: string, masker: TextMasker): Generator<Value> {
  const open: { key: string; secret: boolean; object: boolean }[] = [];
  let key = '';
  let secret = false;
  let expectsKey = false;
  for (const { 0: token, index } of line.matchAll(TOKEN)) {
    const inside = open.at(-1);
    if (token === '{' || token === '[') {
      open.push({ key, secret, object: token === '{' });
      expectsKey = token === '{';
    } else if (token === '}' || token === ']') {
      open.pop();
      expectsKey = false;
    } else if (token === ',') {
      expectsKey = inside?.object === true;
      if (!expectsKey && inside) ({ key, secret } = inside);
    } else if (token === ':') expectsKey = false;
    else if (expectsKey) {
      key = keyText(token);
      secret = inside?.secret === true || masker.isSecret(key);
    } else yield { token, start: index, key, secret };
  }
}

function keyText(token: string): string {
  return String(JSON.parse(Buffer.from(token, 'latin1').toString('utf8')));
}

function maskNumber(token: string, masker: TextMasker, secret: boolean): string {
  if (!secret && cardsIn(token)[0]?.[1] !== token.length) return token;
  const masked = secret ? masker.whole(token) : masker.mask(token);
  if (masked === token) return token;
  return token.length === 1 ? '0' : `"${'*'.repeat(token.length - 2)}"`;
}

function maskString(token: string, masker: TextMasker, secret: boolean): string {
  const raw = token.slice(1, -1);
  if (!raw.includes('\\')) return `"${secret ? masker.whole(raw) : masker.mask(raw)}"`;
  const written = raw.match(CHARACTER) ?? [];
  const read = written.map(readCharacter).join('');
  const masked = secret ? masker.whole(read) : masker.mask(read);
  if (masked === read) return token;
  return `"${written.map((w, i) => (masked[i] === read[i] ? w : '*'.repeat(w.length))).join('')}"`;
}

/** What one character stands for, as one character again: those beyond latin1 are no part of a secret. */
function readCharacter(written: string): string {
  if (written.length === 1) return written;
  const read: string = JSON.parse(`"${written}"`);
  return read.charCodeAt(0) > 0xff ? '\u00ff' : read;
}
