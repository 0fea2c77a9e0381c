/** Ends of keys whose values are secrets, without dots, dashes and underscores: `http.request.header.x-api-key` ends so. */
const SECRET_ENDS = [
  ...['authorization', 'cookie', 'setcookie', 'password', 'passwd', 'passphrase', 'pwd', 'secret', 'token'],
  ...['apikey', 'accesskey', 'secretkey', 'privatekey', 'credential', 'credentials'],
] as const;
const SECRET_END = new RegExp(`(?:${SECRET_ENDS.join('|')})$`);

/** Keys that end like one of these and hold none: names, counts and kinds of secrets, not secrets. */
const HARMLESS = /(?:page|continuation|next|previous|pagination|cursor|sync|resume|eos|bos|pad|stop)token$/;

/** What the search looks for: a key that is a secret's has one of them. */
export const KEY_NEEDLES = [
  ...['authorization', 'cookie', 'password', 'passwd', 'passphrase', 'pwd', 'secret', 'token', 'credential'],
  ...['apikey', 'api-key', 'api_key', 'api.key', 'accesskey', 'access-key', 'access_key', 'access.key'],
  ...['privatekey', 'private-key', 'private_key', 'private.key'],
];

/**
 * True for the key of an attribute, header, field or parameter whose value is a secret by its name. Only the end counts:
 * what stands before (`http.request.header.`, `db_`, `user`) says whose secret it is.
 */
export function isSecretKey(key: string): boolean {
  const plain = key.toLowerCase().replace(/[-_.]/g, '');
  return SECRET_END.test(plain) && !HARMLESS.test(plain);
}
