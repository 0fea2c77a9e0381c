import fc from 'fast-check';
import type { SecretKind } from '../../../collector/processors/redact.ts';

/** A text with a secret in it, and what of it must be asterisks. */
export interface Planted {
  text: string;
  secret: string;
  /** Where in the text the secret stands. */
  at: number;
  kind: SecretKind;
}

const letters = (alphabet: string, minLength: number, maxLength = minLength) =>
  fc.array(fc.constantFrom(...alphabet), { minLength, maxLength }).map((all) => all.join(''));
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const WORD = LOWER + UPPER + DIGITS;
const BASE64URL = `${WORD}-_`;

const jwt = fc
  .tuple(letters(BASE64URL, 10, 60), letters(BASE64URL, 10, 200), letters(BASE64URL, 0, 43))
  .map((parts) => `eyJ${parts.join('.')}`);
const token = fc.oneof(
  jwt,
  letters('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16).map((rest) => `AKIA${rest}`),
  letters(WORD, 36).map((rest) => `ghp_${rest}`),
  letters(WORD, 20).map((rest) => `glpat-${rest}`),
  letters(DIGITS, 12).map((rest) => `xoxb-${rest}-abcDEF123`),
  letters(WORD, 24).map((rest) => `sk_live_${rest}`),
  letters(BASE64URL, 35).map((rest) => `AIza${rest}`),
  letters(WORD, 64, 300).map(
    (rest) => `-----BEGIN RSA PRIVATE KEY-----\n${rest}\n-----END RSA PRIVATE KEY-----`,
  ),
);
const credentials: fc.Arbitrary<Planted> = fc.oneof(
  letters(WORD, 20, 60).map((rest) => ({
    text: `Bearer ${rest}1`,
    secret: `${rest}1`,
    at: 7,
    kind: 'token' as const,
  })),
  fc.tuple(letters(LOWER, 1, 9), letters(WORD, 4, 20)).map(([user, password]) => {
    const secret = Buffer.from(`${user}:${password}`).toString('base64');
    return { text: `basic ${secret}`, secret, at: 6, kind: 'token' as const };
  }),
  fc.tuple(letters(LOWER, 0, 9), letters(`${WORD}!$*+,.;:@é`, 1, 20)).map(([user, password]) => ({
    text: `postgres://${user}:${password}@db.internal:5432/shop`,
    secret: password,
    at: `postgres://${user}:`.length,
    kind: 'token' as const,
  })),
  fc
    .tuple(
      fc.constantFrom('password', 'client_secret', 'X-Api-Key', 'access_token', 'apikey', 'db.passwd'),
      letters(`${WORD}-_.~%+`, 1, 40),
    )
    .filter(([, secret]) => !/^\*+$/.test(secret))
    .map(([key, secret]) => ({
      text: `https://shop/pay?a=1&${key}=${secret}&b=2`,
      secret,
      at: `https://shop/pay?a=1&${key}=`.length,
      kind: 'key' as const,
    })),
);
const mail: fc.Arbitrary<Planted> = fc
  .tuple(
    letters(`${WORD}._+-`, 1, 40),
    letters(`${LOWER}${DIGITS}-üß`, 1, 20),
    fc.constantFrom('com', 'co.uk', 'museum'),
  )
  .map(([local, host, top]) => `${local}@${host}.${top}`)
  .map((text) => ({ text, secret: text, at: 0, kind: 'mail' as const }));
const card: fc.Arbitrary<Planted> = fc
  .tuple(fc.constantFrom('4', '51', '37', '36', '6011'), letters(DIGITS, 18), fc.constantFrom('', ' ', '-'))
  .map(([begin, rest, between]) => {
    const length = begin === '37' ? 15 : begin === '36' ? 14 : 16;
    const digits = withLuhn((begin + rest).slice(0, length - 1));
    const groups = length === 16 ? [4, 4, 4, 4] : length === 15 ? [4, 6, 5] : [4, 6, 4];
    const ends = groups.map((_, i) => groups.slice(0, i + 1).reduce((sum, size) => sum + size, 0));
    const text = ends.map((end, i) => digits.slice(end - groups[i]!, end)).join(between);
    return { text, secret: text, at: 0, kind: 'card' as const };
  });

function withLuhn(digits: string): string {
  for (const check of DIGITS) if (luhn(digits + check) % 10 === 0) return digits + check;
  throw new Error('one of ten digits is right');
}

function luhn(digits: string): number {
  return [...digits].reverse().reduce((sum, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 1 : 2);
    return sum + (value > 9 ? value - 9 : value);
  }, 0);
}

/** Every kind of secret, alone. */
const secret: fc.Arbitrary<Planted> = fc.oneof(
  { weight: 3, arbitrary: token.map((text) => ({ text, secret: text, at: 0, kind: 'token' as const })) },
  { weight: 2, arbitrary: credentials },
  { weight: 2, arbitrary: mail },
  { weight: 2, arbitrary: card },
);

/** Text that holds no secret, and looks like some. */
export const harmless = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('', 'connection refused', 'GET /api/v2/verify 200', 'prix: 12 €, 3×4'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...['invalid token', 'password: wrong', 'basic authentication', 'user@host', 'pkg@1.2.3', 'eyJ', 'a@b'],
      ...['input_tokens=5', '2026-11-27 01:13:09', '1764204789123456789', '0.4111111111111111', 'ghp_short'],
      ...['550e8400-e29b-41d4-a716-446655440000', 'http://host:8080/a@b', '4111111111111112', 'secretary=x'],
    ),
  },
);

/** A secret among other text, apart from it as a writer sets it apart. */
export const planted: fc.Arbitrary<Planted> = fc
  .tuple(
    harmless,
    secret,
    harmless,
    fc.constantFrom(' ', '"', "'", '\n', ' (', '<'),
    fc.constantFrom(' ', '"', "'", '\n', ')', '>'),
  )
  .map(([before, { text, secret, at, kind }, behind, open, close]) => ({
    text: `${before}${open}${text}${close}${behind}`,
    secret,
    at: before.length + open.length + at,
    kind,
  }));

/** The text as it must be stored: an asterisk for every byte of the secret. */
export function masked({ text, secret, at }: Planted): string {
  return text.slice(0, at) + '*'.repeat(Buffer.byteLength(secret)) + text.slice(at + secret.length);
}
