import { isPlaceholder } from './secret-keys.ts';

/** A form that secrets have whatever their name. Sources: the issuers' own pages on the formats of their tokens. */
type Form = { what: string; pattern: RegExp };

const forms: readonly Form[] = [
  { what: 'an AWS access key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { what: 'a GitHub token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{22,})/g },
  { what: 'a GitLab token', pattern: /\bgl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{16,}/g },
  { what: 'a Slack token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{10,}/g },
  {
    what: 'a Slack webhook',
    pattern: /https:\/\/hooks\.slack\.com\/services\/T[A-Za-z0-9]+\/B[A-Za-z0-9]+\/[A-Za-z0-9]{16,}/g,
  },
  { what: 'a private key', pattern: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/g },
  {
    what: 'a JSON Web Token',
    pattern: /\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{10,}/g,
  },
  { what: 'a Google API key', pattern: /\bAIza[A-Za-z0-9_-]{30,}/g },
  { what: 'a Google OAuth secret', pattern: /\bGOCSPX-[A-Za-z0-9_-]{20,}/g },
  { what: 'a Stripe key', pattern: /\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}/g },
  { what: 'an npm token', pattern: /\bnpm_[A-Za-z0-9]{30,}/g },
  { what: 'a PyPI token', pattern: /\bpypi-[A-Za-z0-9_-]{30,}/g },
  { what: 'a Docker Hub token', pattern: /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}/g },
  { what: 'an OpenAI or Anthropic key', pattern: /\bsk-(?:(?:proj|ant|svcacct)-)?[A-Za-z0-9_-]{32,}/g },
  { what: 'a SendGrid key', pattern: /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{30,}/g },
  { what: 'a Hugging Face token', pattern: /\bhf_[A-Za-z0-9]{30,}/g },
  { what: 'a Vault token', pattern: /\bhv[sb]\.[A-Za-z0-9_-]{20,}/g },
  { what: 'a DigitalOcean token', pattern: /\bdo[opr]_v1_[a-f0-9]{40,}/g },
  { what: 'a Grafana token', pattern: /\bgl(?:sa|c)_[A-Za-z0-9_+/=]{30,}/g },
  { what: 'an Azure storage key', pattern: /\bAccountKey=[A-Za-z0-9+/]{60,}={0,2}/g },
  { what: 'an age key', pattern: /\bAGE-SECRET-KEY-1[A-Z0-9]{50,}/g },
];

/** Some part of every form above: most texts have none, and are not searched for each. */
const anyForm =
  /A[KS]IA|gh[pousr]_|github_pat_|gl[a-z]+-|xox|xapp-|hooks\.slack|PRIVATE KEY|eyJ|AIza|GOCSPX-|[sr]k_|npm_|pypi-|dckr_|sk-|SG\.|hf_|hv[sb]\.|_v1_|gl(?:sa|c)_|AccountKey|AGE-SECRET/;

const userInfo = /\b[a-z][a-z0-9+.-]*:\/\/([^\s/:@"'`<>\\]*):([^\s/@"'`<>\\]+)@[^\s/"'`]/gi;

/** A secret that is recognised by what it looks like, and where in the text it begins. */
export type SecretValue = { what: string; index: number };

/** Every secret in a text that its form gives away: tokens of known issuers, private keys, passwords in addresses. */
export function secretValues(text: string): SecretValue[] {
  const found: SecretValue[] = [];
  for (const { what, pattern } of anyForm.test(text) ? forms : []) {
    for (const match of text.matchAll(pattern)) {
      if (!isPlaceholder(match[0])) found.push({ what, index: match.index });
    }
  }
  for (const match of text.includes('://') ? text.matchAll(userInfo) : []) {
    const [, user = '', password = ''] = match;
    if (isPlaceholder(password)) continue;
    if (/^\d+$/.test(password) && user === '') continue;
    found.push({ what: 'an address with a password', index: match.index });
    break;
  }
  return found;
}

const minRandomLength = 16;
/** Bits of entropy per character: words of a language have less than 3.2, hexadecimal digits up to 4. */
const minEntropy = 3.2;

/** Whether a text is so irregular that a machine made it: long, of digits and letters, without words. */
export function looksRandom(value: string): boolean {
  if (value.length < minRandomLength || /\s/.test(value) || isPlaceholder(value)) return false;
  if (!/[0-9]/.test(value) || !/[A-Za-z]/.test(value) || /^(?:https?|\/|\.)/.test(value)) return false;
  return entropy(value) >= minEntropy;
}

function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
