/** Words of a name that say its value is secret. */
const words = new Set(
  'PASSWORD PASSWD PASSPHRASE PASSCODE PWORD SECRET SECRETS TOKEN CREDENTIAL CREDENTIALS APIKEY SECRETKEY ACCESSKEY PRIVATEKEY AUTHTOKEN ACCESSTOKEN AUTHKEY'.split(
    ' ',
  ),
);
/** Words that are written together: PGPASSWORD, CLIENTSECRET. */
const joined = /(?:PASSWORD|PASSWD|PASSPHRASE|APIKEY|TOKEN|[^AEIOU]SECRET)\d*$/;
/** Words that do so as the last one, behind another: DB_PASS, MYSQL_PWD, AWS_CREDS. */
const lastWords = new Set(['PASS', 'PWD', 'CREDS']);
/** `_PAT` and `_AUTH` mean a token behind the name of who gives it out; elsewhere a pattern, or a way to log in. */
const issuers = new Set(
  'GH GITHUB GITLAB GIT AZURE ADO DEVOPS NPM DOCKER REGISTRY BASIC HTTP PROXY REDIS BITBUCKET'.split(' '),
);
/** `_KEY` behind one of these is a secret. */
const keyKinds = new Set(
  'API ACCESS SECRET PRIVATE ENCRYPTION SIGNING MASTER SSH AUTH DEPLOY SERVICE ACCOUNT JWT HMAC SESSION APP STORAGE LICENSE CRYPTO AES RSA STRIPE OPENAI ANTHROPIC SENDGRID MAILGUN TWILIO DATADOG DD AWS AZURE GCP FIREBASE MAPS SENTRY'.split(
    ' ',
  ),
);
/** A name that ends so tells of the secret, and is none. */
const about = new Set(
  'FILE FILES PATH DIR DIRECTORY FOLDER URL URI ENDPOINT HOST PORT SERVER HEADER NAME NAMES TTL EXPIRY EXPIRES EXPIRATION EXPIRE TIMEOUT LIFETIME DURATION AGE LENGTH LEN MIN MAX SIZE LIMIT LIMITS COUNT TYPE ISSUER AUDIENCE ALGORITHM ALG POLICY REQUIRED ENABLED DISABLED ENABLE PROVIDER STORE MANAGER BACKEND VERSION REGION FORMAT PREFIX SUFFIX ROTATION ENGINE MODE CHARS FIELD COOKIE MOUNT VAULT ARN REF HINT SCOPE SCOPES SCHEME USER USERNAME PUBLIC FINGERPRINT NAMESPACE CLASS LABEL KIND SELECTOR ROLE GROUP EXPIRATIONS CACHE BUCKET TABLE ENV VAR HASH SALT ROUNDS'.split(
    ' ',
  ),
);
const passNumbers = new Set(['FIRST', 'SECOND', 'SINGLE', 'MULTI', 'TWO', 'ONE', 'MAX', 'NUM', 'BY']);

/**
 * Whether the name of a variable, label or setting says that its value is a secret: `DB_PASSWORD`, `apiKey`,
 * `com.example.api-token`; but not `DB_PASSWORD_FILE`, `TOKEN_TTL` or `GPG_KEY`.
 */
export function isSecretName(name: string): boolean {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter((part) => part !== '' && !/^\d+$/.test(part));
  const last = parts.at(-1);
  if (
    last === undefined ||
    about.has(last) ||
    (last === 'ID' && parts.at(-2) !== 'KEY') ||
    parts.includes('PUBLIC') ||
    parts.includes('PUB')
  )
    return false;
  if (parts.some((part) => words.has(part.replace(/\d+$/, '')) || joined.test(part))) return true;
  if (parts.length > 1 && lastWords.has(last))
    return !(last === 'PASS' && passNumbers.has(parts.at(-2)!)) && !isWorkingDirectory(parts);
  if (last === 'PAT' || last === 'AUTH' || (last === 'CONFIG' && parts.at(-2) === 'AUTH'))
    return parts.length > 1 && issuers.has(parts[0]!);
  return (
    parts.some((part, at) => /^KEYS?$/.test(part) && keyKinds.has(parts[at - 1] ?? '')) &&
    !/^(?:ALIAS)$/.test(last)
  );
}

function isWorkingDirectory(parts: readonly string[]): boolean {
  return parts.at(-1) === 'PWD' && /^(?:OLD|INIT|CURRENT|START)$/.test(parts.at(-2)!);
}

/** Values that cannot be a secret: switches, addresses of files, nothing at all. */
export function isNoSecret(value: string): boolean {
  return (
    value === '' ||
    /^(?:true|false|yes|no|on|off|0|1|none|null|disabled|enabled)$/i.test(value) ||
    /^(?:\/(?:run|etc|var|secrets?|tmp|app|home|root|opt|usr|mnt|certs?|config|data|srv|vault)\/[\w./-]+|file:\/\/.*)$/.test(
      value,
    )
  );
}

/** What stands where a secret will be: `changeme`, `<token>`, `xxxx`, `${TOKEN}`, `your-key-here`. */
export function isPlaceholder(value: string): boolean {
  return (
    value.includes('$') ||
    /^[<{[].*[>}\]]$|^[%@]\w+[%@]$/.test(value) ||
    /^(?:change[-_ ]?(?:me|it|this)|placeholder|redacted|replace[-_ ]?(?:me|this|with.*)?|todo|tbd|fixme|dummy|example|sample|unset|secret[-_]?here|(?:your|my|insert|put|some|enter)[-_ ].*|to[-_ ]be[-_ ].*)$/i.test(
      value,
    ) ||
    /^(?:[a-z]{2,4}_)?([xX*.\-#?_])\1+$/.test(value) ||
    /x{6,}|X{6,}|\*{4,}|\.{3,}$/.test(value)
  );
}
