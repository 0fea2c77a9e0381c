// What gives a secret away, by the name of its file and by its form. Each form is the issuer's own to its length, so that
// a text that only looks random is not taken for one: whole images with the code and documents of others are searched.
// In a Dockerfile's few lines a shorter likeness is enough (images/rules/own/facts/secret-values.ts).

/** A form of a secret's value; `within` is found first, because it is fast and rare. */
export type ValuePattern = {
  what: string;
  within: string;
  form: RegExp;
  /** Paths where it is an example most of the time. */
  notIn?: RegExp;
};

/** Where software that others wrote is installed, with its documentation. */
const libraries =
  /(?:^|\/)(?:node_modules|site-packages|dist-packages|vendor|pkg\/mod)\/|^usr\/(?:lib|share)\//;

/** Sources: the prefixes that the issuers document, such as https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/ and https://docs.gitlab.com/security/tokens/#token-prefixes */
export const valuePatterns: readonly ValuePattern[] = [
  {
    what: 'a private key',
    within: 'PRIVATE KEY',
    form: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s+(?:[A-Za-z][A-Za-z-]+: [^\n]*\n\s*)*[A-Za-z0-9+/]{40}/,
  },
  {
    what: 'a key of a service account',
    within: '"private_key"',
    form: /"private_key"\s*:\s*"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\\n[A-Za-z0-9+/]{40}/,
  },
  { what: 'an AWS access key', within: 'A', form: /\b(?:AKIA|ASIA)(?!.*EXAMPLE)[A-Z2-7]{16}\b/ },
  { what: 'a GitHub token', within: 'gh', form: /\bgh[pousr]_[A-Za-z0-9]{36,251}\b/ },
  { what: 'a GitHub token', within: 'github_pat_', form: /\bgithub_pat_[A-Za-z0-9_]{82}\b/ },
  {
    what: 'a GitLab token',
    within: 'gl',
    form: /\bgl(?:pat|dt|rt|ptt|agent|cbt|oas|soat|ft|imt)-[A-Za-z0-9_-]{20,}/,
  },
  { what: 'a Slack token', within: 'xox', form: /\bxox[abposr]-(?:\d+-)+[A-Za-z0-9-]{16,}/ },
  {
    what: 'a Slack webhook',
    within: 'hooks.slack.com',
    form: /hooks\.slack\.com\/services\/T[A-Z0-9]{7,}\/B[A-Z0-9]{7,}\/[A-Za-z0-9]{20,}/,
  },
  { what: 'a Google API key', within: 'AIza', form: /\bAIza[A-Za-z0-9_-]{35}\b/ },
  { what: 'a Stripe key', within: 'k_live_', form: /\b[rs]k_live_[A-Za-z0-9]{20,}\b/ },
  { what: 'an npm token', within: 'npm_', form: /\bnpm_[A-Za-z0-9]{36}\b/ },
  { what: 'a PyPI token', within: 'pypi-', form: /\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}/ },
  { what: 'a Docker Hub token', within: 'dckr_pat_', form: /\bdckr_pat_[A-Za-z0-9_-]{27}/ },
  {
    what: 'an npm registry password',
    within: '_auth',
    form: /^[ \t]*(?:\/\/\S+:)?_(?:auth|authToken|password)\s*=\s*(?!\$\{?)[A-Za-z0-9+/=_-]{16,}/m,
  },
  {
    what: 'a password in a URL',
    within: '://',
    notIn: libraries,
    form: /\b(?:https?|postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|rediss|amqps?):\/\/[^\s:/@"'`<>${}%]{1,64}:(?!(?:pass(?:word)?|secret|pwd|xxx+|\*+|changeme|example|token)@)[^\s:/@"'`<>${}%]{6,}@[A-Za-z0-9]/i,
  },
];

/** Files whose name says that a secret is in them. `holds` looks at the text where the name alone says too little. */
export const namePatterns: readonly { what: string; name: RegExp; holds?: RegExp }[] = [
  {
    what: 'a file of environment variables',
    name: /(?:^|\/)\.env(?:\.(?!example$|sample$|template$|dist$|defaults?$)[\w-]+)?$/,
    holds: /\S/,
  },
  { what: 'a private SSH key', name: /(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519)$/ },
  { what: 'a key store', name: /\.(?:p12|pfx|jks|keystore|ppk)$/ },
  { what: 'credentials of git', name: /(?:^|\/)\.git-credentials$/ },
  { what: 'credentials of the network', name: /(?:^|\/)[._]netrc$/, holds: /\bpassword\s+\S/ },
  { what: 'credentials of AWS', name: /(?:^|\/)\.aws\/credentials$/ },
  {
    what: 'credentials of a registry',
    name: /(?:^|\/)\.docker\/config\.json$/,
    holds: /"(?:auth|identitytoken|password)"\s*:\s*"[^"]/,
  },
  { what: 'credentials of a registry', name: /(?:^|\/)\.dockercfg$/, holds: /"auth"\s*:\s*"[^"]/ },
  {
    what: 'credentials of a cluster',
    name: /(?:^|\/)\.kube\/config$/,
    holds: /\b(?:token|client-key-data|password):\s*\S/,
  },
  { what: 'credentials of PostgreSQL', name: /(?:^|\/)\.pgpass$/ },
];
