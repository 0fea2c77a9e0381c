/** One kind of token: what the search looks for, and what it looks like in full; group 1, if any, is what is secret. */
interface TokenPattern {
  needles: readonly string[];
  /** How it begins: tells it from a word, wherever it stands. */
  start: RegExp;
  pattern: RegExp;
  /** A closer look at what the pattern found. */
  check?: (secret: string) => boolean;
}

/** At least this many characters of an opaque token; shorter ones are words of a sentence. */
const MIN_OPAQUE = 8;
const LONG_OPAQUE = 24;

/** Forms of tokens that their issuers document; each begins with something that is found nowhere else. */
export const TOKEN_PATTERNS: readonly TokenPattern[] = [
  // JSON Web Tokens, RFC 7519: two or three parts, the first is the base64url of {"…
  { needles: ['eyJ'], start: /^eyJ[\w-]{6}/, pattern: /(?<![\w-])eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?/g },
  // RFC 6750, and RFC 7617: base64 of user:password
  {
    needles: ['bearer'],
    start: /^bearer[ %+]/i,
    pattern: new RegExp(`\\bbearer(?: |%20|\\+){1,3}([\\w.~+/=-]{${MIN_OPAQUE},})`, 'gi'),
    check: (secret) => /\d/.test(secret) || secret.length >= LONG_OPAQUE,
  },
  {
    needles: ['basic'],
    start: /^basic[ %+]/i,
    pattern: /\bbasic(?: |%20|\+){1,3}([A-Za-z0-9+/_-]{4,}={0,2})/gi,
    check: (secret) => Buffer.from(secret, 'base64').includes(':'),
  },
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  {
    needles: ['AKIA', 'ASIA'],
    start: /^A[KS]IA[A-Z2-7]{16}/,
    pattern: /(?<![A-Za-z0-9])A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9])/g,
  },
  // https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
  {
    needles: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
    start: /^(?:gh[pousr]_[A-Za-z0-9]{30}|github_pat_\w{22})/,
    pattern: /gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255}/g,
  },
  // https://docs.gitlab.com/security/tokens/#token-prefixes
  {
    needles: ['glpat-', 'gldt-', 'glptt-', 'glrt-', 'glcbt-', 'glft-', 'glsoat-', 'glagent-'],
    start: /^gl(?:pat|dt|ptt|rt|cbt|ft|soat|agent)-[\w.-]{16}/,
    pattern: /gl(?:pat|dt|ptt|rt|cbt|ft|soat|agent)-[\w.-]{16,}/g,
  },
  // https://docs.slack.dev/authentication/tokens/
  {
    needles: ['xox', 'xapp-'],
    start: /^(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10}/,
    pattern: /(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}/g,
  },
  // https://docs.stripe.com/keys
  {
    needles: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'whsec_'],
    start: /^(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16}/,
    pattern: /(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}/g,
  },
  // https://cloud.google.com/docs/authentication/api-keys and OAuth access tokens
  {
    needles: ['AIza', 'ya29.'],
    start: /^(?:AIza[\w-]{35}|ya29\.[\w-]{20})/,
    pattern: /AIza[\w-]{35}|ya29\.[\w-]{20,}/g,
  },
  // RFC 7468; a key that is cut off is a secret as far as it goes.
  {
    needles: ['-----BEGIN'],
    start: /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY/,
    pattern:
      /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  },
];
