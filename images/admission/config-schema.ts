import * as v from 'valibot';
import { maxPattern } from './glob.ts';
import { parseBytes, parseDurationMs } from './quantity.ts';

/** A text that `parse` reads, as what it reads. */
function quantity(parse: (text: string) => number | undefined, what: string, example: string) {
  return v.pipe(
    v.string(`must be ${what}, such as "${example}"`),
    v.check((text) => (parse(text) ?? 0) > 0, `must be ${what}, such as "${example}"`),
    v.transform((text) => parse(text) ?? 0),
  );
}

const duration = quantity(parseDurationMs, 'a duration with its unit', '8s');
const size = quantity(parseBytes, 'a size with its unit', '500MiB');
const text = v.pipe(
  v.string('must be text'),
  v.nonEmpty('must not be empty'),
  v.maxLength(2000, 'is too long'),
);
const flag = v.boolean('must be true or false');
const pattern = v.pipe(text, v.maxLength(maxPattern, `must be at most ${maxPattern} characters`));
const patterns = v.pipe(
  v.array(pattern, 'must be a list'),
  v.minLength(1, 'must list at least one pattern'),
  v.maxLength(1000, 'must list at most 1000 patterns'),
);

/** A whole number from 1 to `most`. */
function count(most: number) {
  const must = `must be a whole number from 1 to ${most}`;
  return v.pipe(v.number(must), v.integer(must), v.minValue(1, must), v.maxValue(most, must));
}

/** A mapping of exactly these keys; lists are objects too and must be told apart first. */
function mapping<T extends v.ObjectEntries>(entries: T) {
  const isMapping = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  return v.pipe(
    v.custom<v.InferInput<v.StrictObjectSchema<T, undefined>>>(isMapping, 'must be a mapping of keys'),
    v.strictObject(entries),
  );
}

const regularExpression = v.pipe(
  text,
  v.check((source) => {
    try {
      return new RegExp(source) instanceof RegExp;
    } catch {
      return false;
    }
  }, 'must be a regular expression'),
);

const policy = v.pipe(
  mapping({
    images: patterns,
    namespaces: v.optional(patterns, ['**']),
    key: v.optional(text),
    identity: v.optional(text),
    identityPattern: v.optional(regularExpression),
    issuer: v.optional(text),
    issuerPattern: v.optional(regularExpression),
    caRoots: v.optional(text),
    transparencyLog: v.optional(flag, true),
    trustedRoot: v.optional(text),
    maxAge: v.optional(duration),
    maxImageSize: v.optional(size),
    requireDigest: v.optional(flag, false),
    exempt: v.optional(text),
  }),
  v.check(
    ({ key, identity, identityPattern, exempt }) =>
      [key, identity, identityPattern, exempt].filter((way) => way !== undefined).length === 1,
    'must have exactly one of key, identity, identityPattern and exempt (the reason why it is not verified)',
  ),
  v.check(({ identity, identityPattern, issuer, issuerPattern }) => {
    const issuers = [issuer, issuerPattern].filter((one) => one !== undefined).length;
    return identity === undefined && identityPattern === undefined ? issuers === 0 : issuers === 1;
  }, 'must have issuer or issuerPattern beside an identity, and only there'),
);

const registry = mapping({
  host: text,
  plainHttp: v.optional(flag, false),
});

const harbor = mapping({
  url: v.pipe(
    text,
    v.check((url) => /^https?:\/\//.test(url) && URL.canParse(url), 'must be an http or https URL'),
    v.check(
      (url) => !/^[^/]*\/\/[^/]*@/.test(url),
      'must hold no credentials: they come from the environment or a file',
    ),
  ),
  credentialsFile: v.optional(text),
  /** What the webhook's policy in Harbor sends as its auth header. */
  secretFile: v.optional(text),
  onFailure: v.optional(v.picklist(['label', 'delete'], 'must be label or delete'), 'label'),
  label: v.optional(v.pipe(text, v.maxLength(63, 'must be at most 63 characters')), 'quarantine'),
  /** Images are pushed first and signed then: only after so long is an unsigned one deleted, a signed one released. */
  grace: v.optional(duration, '2m'),
});

/** The whole configuration; unknown keys are refused. */
export const configSchema = mapping({
  listen: v.optional(
    mapping({
      host: v.optional(text, '0.0.0.0'),
      port: v.optional(
        v.pipe(
          v.number('must be a port number'),
          v.integer('must be a port number'),
          v.minValue(0, 'must be 0 (any free port) to 65535'),
          v.maxValue(65_535, 'must be 0 (any free port) to 65535'),
        ),
        8443,
      ),
    }),
    {},
  ),
  tls: v.optional(mapping({ cert: text, key: text })),
  cosign: v.optional(text, 'cosign'),
  failOpen: v.optional(flag, false),
  audit: v.optional(text, '-'),
  limits: v.optional(
    mapping({
      /** Of one request, however many images it has: Kubernetes waits 10 s unless the webhook says otherwise. */
      time: v.optional(duration, '8s'),
      /** Images verified at once. */
      concurrency: v.optional(count(256), 4),
      /** Images that may wait for a place. */
      waiting: v.optional(count(100_000), 200),
      images: v.optional(count(1000), 100),
      body: v.optional(size, '4MiB'),
    }),
    {},
  ),
  cache: v.optional(
    mapping({
      entries: v.optional(count(1_000_000), 2000),
      accepted: v.optional(duration, '5m'),
      refused: v.optional(duration, '10s'),
    }),
    {},
  ),
  policies: v.pipe(
    v.array(policy, 'must be a list'),
    v.minLength(1, 'must list at least one policy'),
    v.maxLength(1000, 'must list at most 1000 policies'),
  ),
  registries: v.optional(v.pipe(v.array(registry, 'must be a list'), v.maxLength(1000, 'is too long')), []),
  harbor: v.optional(harbor),
});

/** The configuration after defaults: durations in milliseconds, sizes in bytes. */
export type AdmissionConfig = v.InferOutput<typeof configSchema>;

/** One row of the table of policies. */
export type Policy = AdmissionConfig['policies'][number];
