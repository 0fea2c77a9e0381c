import * as v from 'valibot';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { defaultPort, nearest } from '../slo/index.ts';
import { NOTIFY_FORMAT_NAMES } from './notify/formats.ts';
import { CONFIDENCE_TIERS, NOTIFY_EVENTS } from './notify/notification.ts';
import { PATH_VARIABLES, unknownVariables } from './receivers/log-files/group.ts';

const UNITS_SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;
const UNITS_BYTES = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** A value as text with a unit (`15s`, `2GB`) read into the base unit, or undefined when it is not of that form. */
function withUnit(text: string, units: Record<string, number>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  const factor = match ? units[match[2] ?? ''] : undefined;
  return match && factor !== undefined ? Number(match[1]) * factor : undefined;
}

function quantity(units: Record<string, number>, what: string, example: string) {
  return v.pipe(
    v.string(`must be ${what} with its unit, such as "${example}"`),
    v.check(
      (text) => (withUnit(text, units) ?? 0) > 0,
      (issue) =>
        `must be ${what} with its unit (${Object.keys(units).join(', ')}), such as "${example}", not ${JSON.stringify(issue.input)}`,
    ),
    v.transform((text) => withUnit(text, units) ?? 0),
  );
}

const duration = quantity(UNITS_SECONDS, 'a duration', '15s');
const size = quantity(UNITS_BYTES, 'a size', '2GB');
const port = v.pipe(
  v.number('must be a port number'),
  v.integer('must be a whole number'),
  v.minValue(0, 'must be 0 (any free port) to 65535'),
  v.maxValue(65_535, 'must be 0 (any free port) to 65535'),
);
const text = v.pipe(v.string('must be text'), v.nonEmpty('must not be empty'));
const labels = v.record(text, v.string('must be text'));

/** A mapping of exactly these keys; lists are objects too and must be told apart first. */
function mapping<T extends v.ObjectEntries>(entries: T) {
  const isMapping = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  return v.pipe(
    v.custom<v.InferInput<v.StrictObjectSchema<T, undefined>>>(isMapping, 'must be a mapping of keys'),
    v.strictObject(entries),
  );
}

const LOG_FORMATS = ['auto', 'json', 'docker', 'cri'] as const;

const LogFiles = mapping({
  include: v.pipe(v.array(text), v.minLength(1, 'must list at least one path or glob')),
  /** Attributes of the resource that wrote the lines; must name the service, and may by what the path says. */
  resource: v.pipe(
    v.record(
      text,
      v.pipe(
        v.string('must be text'),
        v.check(
          (value) => unknownVariables(value).length === 0,
          (issue) =>
            `has \${${unknownVariables(issue.input)[0]}}, which no path gives; there are ${PATH_VARIABLES.join(', ')}`,
        ),
      ),
    ),
    v.check(
      (r) => (r['service.name'] ?? '') !== '',
      'must name the service: resource: { "service.name": shop }',
    ),
  ),
  /** How the lines are written; `auto` looks at the first line of each file. */
  format: v.optional(v.picklist(LOG_FORMATS, `must be one of ${LOG_FORMATS.join(', ')}`), 'auto'),
});

const limit = v.pipe(
  v.number('must be a number'),
  v.integer('must be a whole number'),
  v.minValue(0, 'must be 0 (no limit) or more'),
);

const Address = v.pipe(
  text,
  v.check((t) => URL.canParse(t.includes('://') ? t : `http://${t}`), 'must be host:port or an http URL'),
);

/** Ways to find targets, beside listing them. */
const discoveries = {
  fileSd: v.optional(
    mapping({
      files: v.pipe(v.array(text), v.minLength(1, 'must list at least one path or glob')),
      refresh: v.optional(duration, '5s'),
    }),
  ),
  dns: v.optional(
    v.pipe(
      mapping({
        names: v.pipe(v.array(text), v.minLength(1, 'must list at least one name')),
        type: v.optional(v.picklist(['A', 'AAAA', 'SRV'], 'must be A, AAAA or SRV'), 'SRV'),
        port: v.optional(v.pipe(port, v.minValue(1, 'must be 1 to 65535'))),
        refresh: v.optional(duration, '30s'),
      }),
      v.forward(
        v.partialCheck(
          [['type'], ['port']],
          (dns) => dns.type === 'SRV' || dns.port !== undefined,
          'is missing: A and AAAA records name no port',
        ),
        ['port'],
      ),
    ),
  ),
  kubernetes: v.optional(
    mapping({
      namespaces: v.optional(v.array(text), []),
      labelSelector: v.optional(text),
      node: v.optional(text),
      apiServer: v.optional(
        v.pipe(
          text,
          v.check((t) => /^https?:\/\//.test(t) && URL.canParse(t), 'must be an http or https URL'),
        ),
      ),
      tokenFile: v.optional(text),
      caFile: v.optional(text),
    }),
  ),
};

const Scrape = v.pipe(
  mapping({
    job: text,
    targets: v.optional(v.array(Address), []),
    ...discoveries,
    scheme: v.optional(v.picklist(['http', 'https'], 'must be http or https'), 'http'),
    path: v.optional(v.pipe(text, v.startsWith('/', 'must begin with /')), '/metrics'),
    interval: v.optional(duration, '15s'),
    timeout: v.optional(duration, '5s'),
    labels: v.optional(labels, {}),
    honorLabels: v.optional(v.boolean('must be true or false'), false),
    honorTimestamps: v.optional(v.boolean('must be true or false'), true),
    /** Asks for protobuf first, which alone carries them. */
    nativeHistograms: v.optional(v.boolean('must be true or false'), false),
    maxBody: v.optional(size, '16MiB'),
    targetLimit: v.optional(limit, 1000),
    sampleLimit: v.optional(limit, 250_000),
    labelLimit: v.optional(limit, 0),
    labelNameLengthLimit: v.optional(limit, 0),
    labelValueLengthLimit: v.optional(limit, 0),
  }),
  v.forward(
    v.check(
      (job) => job.targets.length > 0 || Boolean(job.fileSd ?? job.dns ?? job.kubernetes),
      'must list at least one target, unless fileSd, dns or kubernetes finds them',
    ),
    ['targets'],
  ),
);

const rate = v.pipe(v.number('must be a number'), v.minValue(1, 'must be at least 1'));
const isOn = v.optional(v.boolean('must be true or false'), true);

/** The text of a regular expression that does not match everywhere: it would mask nothing, or all. */
const expression = v.pipe(
  text,
  v.check(
    (source) => isExpression(source) && !new RegExp(source, 'u').test(''),
    (issue) => `must be a regular expression that matches no empty text, not ${JSON.stringify(issue.input)}`,
  ),
);

function isExpression(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}

const Redact = mapping({
  enabled: isOn,
  tokens: isOn,
  headers: isOn,
  mails: isOn,
  cards: isOn,
  /** Own expressions, and own keys whose values are masked whole. */
  patterns: v.optional(v.array(expression), []),
  keys: v.optional(
    v.array(
      v.pipe(text, v.regex(/^[\w.-]{3,64}$/, 'must be 3 to 64 letters, digits, dots, dashes or underscores')),
    ),
    [],
  ),
  /** What one of them matches from end to end is never masked: a found text, or a key. */
  allow: v.optional(v.array(expression), []),
});

/** Beyond this the server of an emitted service would cut the answer off. */
const MAX_PROFILE_SECONDS = 60;

/** Profiles of services at the moment of an incident, and quiet ones to compare them with. */
const Profiles = mapping({
  enabled: isOn,
  /** Processes beside, or instead of, the scraped ones: a service named here is looked for only here. */
  targets: v.optional(v.array(mapping({ service: text, address: Address })), []),
  /** Look on the ports of scraped targets, too. */
  fromScrape: isOn,
  /** How long CPU and waits are looked at. */
  duration: v.optional(
    v.pipe(
      duration,
      v.check(
        (seconds) => seconds >= 1 && seconds <= MAX_PROFILE_SECONDS,
        `must be 1s to ${MAX_PROFILE_SECONDS}s`,
      ),
    ),
    '10s',
  ),
  /** A service is quiet when it was watched for so long without an incident. */
  quietAfter: v.optional(duration, '5m'),
  quietEvery: v.optional(duration, '1h'),
  /** The shortest time between two sets of a service because of incidents. */
  incidentEvery: v.optional(duration, '10m'),
});

/** Never repeated in a message: the address of a webhook is its password. */
const webAddress = v.pipe(
  text,
  v.check((t) => /^https?:\/\//.test(t) && URL.canParse(t), 'must be an http or https URL'),
);

/** Places that are told of incidents by webhook. */
const Notify = mapping({
  url: webAddress,
  on: v.optional(
    v.pipe(
      v.array(v.picklist(NOTIFY_EVENTS, `must be one of ${NOTIFY_EVENTS.join(', ')}`)),
      v.minLength(1, `must list at least one of ${NOTIFY_EVENTS.join(', ')}`),
    ),
    [...NOTIFY_EVENTS],
  ),
  /** `slack` is what Mattermost takes, too. */
  format: v.optional(
    v.picklist(NOTIFY_FORMAT_NAMES, `must be one of ${NOTIFY_FORMAT_NAMES.join(', ')}`),
    'slack',
  ),
  minConfidence: v.optional(
    v.picklist(CONFIDENCE_TIERS, `must be one of ${CONFIDENCE_TIERS.join(', ')}`),
    'insufficient evidence',
  ),
  /** Where readers find the console; messages link to it. */
  consoleUrl: v.optional(webAddress),
});
const MAX_TARGETS = 20;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The whole configuration; every key has a default, unknown keys are refused. */
const ConfigSchema = mapping({
  listen: v.optional(
    v.pipe(
      mapping({
        host: v.optional(text, '127.0.0.1'),
        otlpHttpPort: v.optional(port, defaultPort.otlpHttp),
        otlpGrpcPort: v.optional(port, defaultPort.otlpGrpc),
        apiPort: v.optional(port, defaultPort.collectorHttp),
      }),
      v.forward(
        v.partialCheck(
          [['otlpHttpPort'], ['apiPort']],
          ({ otlpHttpPort, apiPort }) => otlpHttpPort !== apiPort || apiPort === 0,
          'must be another port than listen.otlpHttpPort',
        ),
        ['apiPort'],
      ),
      v.forward(
        v.partialCheck(
          [['otlpHttpPort'], ['otlpGrpcPort']],
          ({ otlpHttpPort, otlpGrpcPort }) => otlpHttpPort !== otlpGrpcPort || otlpGrpcPort === 0,
          'must be another port than listen.otlpHttpPort',
        ),
        ['otlpGrpcPort'],
      ),
      v.forward(
        v.partialCheck(
          [['apiPort'], ['otlpGrpcPort']],
          ({ apiPort, otlpGrpcPort }) => apiPort !== otlpGrpcPort || otlpGrpcPort === 0,
          'must be another port than listen.apiPort',
        ),
        ['otlpGrpcPort'],
      ),
    ),
    {},
  ),
  store: v.optional(
    mapping({
      path: v.optional(text, 'go-sre-data/telemetry.sqlite'),
      retention: v.optional(duration, '24h'),
      maxSize: v.optional(size, '2GB'),
      /** How often what is too old or too much leaves. */
      evictionInterval: v.optional(duration, '1m'),
      /** Sealing: what was taken in is put into columns for every attribute, in the background. */
      seal: v.optional(
        mapping({
          enabled: v.optional(v.boolean('must be true or false'), true),
          /** Records that have waited this long are sealed although they are few. */
          after: v.optional(duration, '1m'),
          /** Records that may wait while the collector is busy; above that it seals however busy it is. */
          maxWaiting: v.optional(
            v.pipe(v.number('must be a number'), v.minValue(0, 'must be at least 0')),
            500_000,
          ),
        }),
        {},
      ),
    }),
    {},
  ),
  receivers: v.optional(
    mapping({
      otlpHttp: v.optional(
        mapping({ maxBody: v.optional(size, '64MiB'), cors: v.optional(v.array(text), []) }),
        {},
      ),
      logFiles: v.optional(v.array(LogFiles), []),
      scrape: v.optional(v.array(Scrape), []),
    }),
    {},
  ),
  processors: v.optional(
    mapping({
      redact: v.optional(Redact, {}),
      limit: v.optional(
        mapping({
          /** Records and bytes a second that one service may send, bursts of ten seconds included. */
          recordsPerSecond: v.optional(rate, 100_000),
          bytesPerSecond: v.optional(size, '100MB'),
          /** One span or log record that is larger is dropped. */
          maxRecordBytes: v.optional(size, '1MiB'),
          services: v.optional(
            v.record(
              text,
              mapping({
                recordsPerSecond: v.exactOptional(rate),
                bytesPerSecond: v.exactOptional(size),
                maxRecordBytes: v.exactOptional(size),
              }),
            ),
            {},
          ),
        }),
        {},
      ),
    }),
    {},
  ),
  /** `data`: what is explained and by default asked for is as new as the newest record, for recorded telemetry. */
  clock: v.optional(v.picklist(['system', 'data'], 'must be system or data'), 'system'),
  incidents: v.optional(
    mapping({
      enabled: v.optional(v.boolean('must be true or false'), true),
      interval: v.optional(duration, '5s'),
    }),
    {},
  ),
  profiles: v.optional(Profiles, {}),
  notify: v.optional(
    v.pipe(
      v.array(Notify, 'must be a list of { url: … }'),
      v.maxLength(MAX_TARGETS, `must have at most ${MAX_TARGETS} entries`),
    ),
    [],
  ),
  slo: v.optional(
    mapping({
      /** Objectives, as slo.json or YAML, OpenSLO or Sloth: paths or globs. */
      files: v.optional(v.array(text, 'must be a list of paths or globs, such as [slo.json]'), []),
    }),
    {},
  ),
  telemetry: v.optional(
    mapping({
      logLevel: v.optional(v.picklist(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`), 'info'),
      /** Own traces, sent to the standard OTEL_EXPORTER_OTLP_* destination. */
      traces: v.optional(v.boolean('must be true or false'), false),
    }),
    {},
  ),
});

/** The configuration after defaults: durations in seconds, sizes in bytes. */
export type Config = v.InferOutput<typeof ConfigSchema>;

export interface ConfigProblem {
  /** Where: `receivers.scrape[0].interval`; '' for the document itself. */
  path: string;
  message: string;
}

export type ParsedConfig =
  | { config: Config; problems?: undefined }
  | { config?: undefined; problems: ConfigProblem[] };

function dotted(path: readonly { key: unknown }[] | undefined): string {
  return (path ?? [])
    .map((part) => (typeof part.key === 'number' ? `[${part.key}]` : `.${String(part.key)}`))
    .join('')
    .replace(/^\./, '');
}

/** Keys that the schema knows anywhere: enough to name the one that was meant. */
const KNOWN_KEYS = [
  ...[
    'listen',
    'host',
    'otlpHttpPort',
    'otlpGrpcPort',
    'apiPort',
    'store',
    'path',
    'retention',
    'maxSize',
    'evictionInterval',
    'seal',
    'after',
    'maxWaiting',
    'receivers',
    'otlpHttp',
  ],
  ...[
    'maxBody',
    'cors',
    'logFiles',
    'include',
    'resource',
    'format',
    'scrape',
    'job',
    'targets',
    'interval',
    'timeout',
    'labels',
  ],
  ...['fileSd', 'files', 'refresh', 'dns', 'names', 'type', 'port', 'kubernetes', 'namespaces'],
  ...['labelSelector', 'node', 'apiServer', 'tokenFile', 'caFile', 'scheme', 'honorLabels'],
  ...['honorTimestamps', 'nativeHistograms', 'targetLimit', 'sampleLimit', 'labelLimit'],
  ...['labelNameLengthLimit', 'labelValueLengthLimit'],
  ...[
    'processors',
    'redact',
    'tokens',
    'headers',
    'mails',
    'cards',
    'patterns',
    'keys',
    'allow',
    'limit',
    'recordsPerSecond',
    'bytesPerSecond',
    'maxRecordBytes',
    'services',
    'clock',
    'incidents',
    'enabled',
    'profiles',
    'service',
    'address',
    'fromScrape',
    'duration',
    'quietAfter',
    'quietEvery',
    'incidentEvery',
    'slo',
    'telemetry',
    'logLevel',
    'traces',
  ],
];

function problemOf(issue: v.BaseIssue<unknown>): ConfigProblem {
  const path = dotted(issue.path as { key: unknown }[] | undefined);
  if (issue.type !== 'strict_object') return { path, message: issue.message };
  const key = String(issue.path?.at(-1)?.key ?? '');
  if (issue.expected !== 'never') {
    return { path, message: 'is missing' };
  }
  const meant = nearest(key, KNOWN_KEYS);
  return { path, message: meant ? `is not a known key; did you mean ${meant}?` : 'is not a known key' };
}

/** The configuration as it may be shown: without the addresses of webhooks, which are secrets. */
export function shownConfig(config: Config): Config {
  const notify = config.notify.map((target) => ({ ...target, url: `${new URL(target.url).origin}/…` }));
  return { ...config, notify };
}

/** Checks a value against the schema; answers the frozen configuration or every problem with its path. */
export function validateConfig(value: unknown): ParsedConfig {
  const result = v.safeParse(ConfigSchema, value ?? {});
  if (result.success) return { config: deepFreeze(result.output) };
  return { problems: result.issues.map(problemOf) };
}

/** Reads the text of a configuration file (YAML, of which JSON is a part) into a plain value. */
export function parseConfigText(source: string): { value: unknown } | { problems: ConfigProblem[] } {
  try {
    return { value: parseYaml(source) ?? {} };
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const at = error.linePos?.[0];
    return {
      problems: [
        {
          path: at ? `line ${at.line}, column ${at.col}` : '',
          message: error.message.split(/ at line |\n/)[0] ?? '',
        },
      ],
    };
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
