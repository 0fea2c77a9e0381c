import { namePatterns, valuePatterns } from './secret-patterns.ts';

/** A secret that was found; never the secret itself. */
export type FoundSecret = {
  what: string;
  /** Of a file: from 1; undefined where its name gave it away. */
  line: number | undefined;
  by: 'name' | 'value';
};

/** Keys of environment variables and labels that name a secret. */
const secretKey =
  /(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)(?:$|_(?!FILE$|PATH$|DIR$|URL$|NAME$|TTL$|ID$))/i;

/** Values that name no secret: a reference, a path, a switch, nothing. */
const harmless = /^(?:|\$\{?.*|\/.*|true|false|none|null|\d{1,6}|file:.*|<.*>|\*+|changeme|x+)$/i;

/** Places where software brings keys along for its tests, or tells how they look. */
const examples =
  /(?:^|\/)(?:testdata|tests?|__tests__|examples?|docs?|man|fixtures)\/|_test\.go$|\.test\.[cm]?[jt]s$|^usr\/(?:local\/)?share\/(?:doc|man|info)\/|^usr\/(?:local|lib)\/go(?:-[\d.]+)?\/src\//;

const maxFound = 20;

/**
 * Secrets in a file, by its name and by what stands in it.
 * @param text the begin of the file; undefined where it is no text
 */
export function secretsOf(path: string, text: string | undefined): FoundSecret[] {
  if (examples.test(path)) return [];
  const named = namePatterns.find(
    ({ name, holds }) => name.test(path) && (holds === undefined || holds.test(text ?? '')),
  );
  const found: FoundSecret[] = named === undefined ? [] : [{ what: named.what, line: undefined, by: 'name' }];
  return text === undefined ? found : [...found, ...secretValues(text, path)].slice(0, maxFound);
}

/**
 * Secrets in a text by their form, the first of each kind.
 * @param path of the file that it is of
 */
export function secretValues(text: string, path = ''): FoundSecret[] {
  return valuePatterns.flatMap(({ what, within, form, notIn }): FoundSecret[] => {
    const at = text.includes(within) && notIn?.test(path) !== true ? text.search(form) : -1;
    return at < 0 ? [] : [{ what, line: text.slice(0, at).split('\n').length, by: 'value' }];
  });
}

/** What `KEY=VALUE` gives away, by the key or by the value. */
export function secretInVariable(variable: string): string | undefined {
  const equals = variable.indexOf('=');
  const [key, value] = [variable.slice(0, Math.max(0, equals)), variable.slice(equals + 1)];
  const byValue = secretValues(value)[0]?.what;
  if (byValue !== undefined) return byValue;
  return secretKey.test(key) && !harmless.test(value) ? 'a secret, by its name' : undefined;
}
