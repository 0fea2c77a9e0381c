import { parseArgs } from 'node:util';
import { commandLines } from './table.ts';

/** What the command line asks for; `value` is merged over the configuration file before it is checked. */
export type Flags =
  | { do: 'help' }
  | { do: 'version' }
  | { do: 'serve' | 'check'; configFile: string | undefined; value: Record<string, unknown> }
  | { do: 'refuse'; problem: string };

export const USAGE = `go-sre-collector: takes in logs, metrics and traces, keeps them, explains incidents

go-sre-collector [flags] takes in telemetry until it is stopped. go-sre-collector COMMAND …, and COMMAND --help tells more:

${commandLines()}

  --config FILE           configuration, YAML or JSON
  --check-config          check the configuration, list every problem, start nothing
  --host ADDRESS          address to listen on (default 127.0.0.1)
  --otlp-port PORT        OTLP/HTTP (default 4318)
  --otlp-grpc-port PORT   OTLP/gRPC (default 4317)
  --api-port PORT         API, console, /metrics (default 4319)
  --data FILE             the store (default go-sre-data/telemetry.sqlite)
  --retention DURATION    how long telemetry is kept (default 24h)
  --max-size SIZE         how large the store may grow (default 2GB)
  --scrape JOB=TARGET     scrape host:port as this job; repeatable
  --scrape-interval DURATION  for the targets of --scrape (default 15s)
  --log-file SERVICE=PATH tail this file or glob as this service; repeatable
  --slo FILE              objectives: slo.json, YAML, OpenSLO or Sloth, or a glob; repeatable
  --clock system|data     data: now is the time of the newest record, for recorded telemetry
  --log-level LEVEL       of the collector's own log (default info)
  --help, --version

A flag wins over the file. Exit codes: 0 done, 1 failed, 2 usage or configuration.
`;

const OPTIONS = {
  config: { type: 'string' },
  'check-config': { type: 'boolean' },
  host: { type: 'string' },
  'otlp-port': { type: 'string' },
  'otlp-grpc-port': { type: 'string' },
  'api-port': { type: 'string' },
  data: { type: 'string' },
  retention: { type: 'string' },
  'max-size': { type: 'string' },
  scrape: { type: 'string', multiple: true },
  'scrape-interval': { type: 'string' },
  'log-file': { type: 'string', multiple: true },
  slo: { type: 'string', multiple: true },
  'log-level': { type: 'string' },
  clock: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Where each single-valued flag stands in the configuration. */
const PLACES: [flag: keyof typeof OPTIONS, section: string, key: string][] = [
  ['host', 'listen', 'host'],
  ['otlp-port', 'listen', 'otlpHttpPort'],
  ['otlp-grpc-port', 'listen', 'otlpGrpcPort'],
  ['api-port', 'listen', 'apiPort'],
  ['data', 'store', 'path'],
  ['retention', 'store', 'retention'],
  ['max-size', 'store', 'maxSize'],
  ['log-level', 'telemetry', 'logLevel'],
];

/** `NAME=VALUE` of a repeatable flag. */
function pair(flag: string, text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1)
    throw new Error(`--${flag} ${text}: must be NAME=VALUE, such as --${flag} shop=…`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function section(value: Record<string, unknown>, name: string): Record<string, unknown> {
  const found = value[name];
  if (typeof found === 'object' && found !== null) return found as Record<string, unknown>;
  const made: Record<string, unknown> = {};
  value[name] = made;
  return made;
}

function valueFrom(parsed: ReturnType<typeof parse>): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [flag, place, key] of PLACES) {
    const given = parsed[flag];
    if (given === undefined) continue;
    section(value, place)[key] = key.endsWith('Port') && /^\d+$/.test(String(given)) ? Number(given) : given;
  }
  if (parsed.clock !== undefined) value['clock'] = parsed.clock;
  const interval = parsed['scrape-interval'];
  const scrape = (parsed.scrape ?? []).map((text) => {
    const [job, target] = pair('scrape', text);
    return { job, targets: [target], ...(interval ? { interval } : {}) };
  });
  const logFiles = (parsed['log-file'] ?? []).map((text) => {
    const [service, path] = pair('log-file', text);
    return { include: [path], resource: { 'service.name': service } };
  });
  if (scrape.length > 0) section(value, 'receivers')['scrape'] = scrape;
  if (logFiles.length > 0) section(value, 'receivers')['logFiles'] = logFiles;
  if (parsed.slo) section(value, 'slo')['files'] = parsed.slo;
  return value;
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS, strict: true, allowPositionals: false }).values;
}

/** Reads the command line; a wrong one is answered with what is wrong. */
export function parseFlags(argv: readonly string[]): Flags {
  try {
    const parsed = parse(argv);
    if (parsed.help) return { do: 'help' };
    if (parsed.version) return { do: 'version' };
    return {
      do: parsed['check-config'] ? 'check' : 'serve',
      configFile: parsed.config,
      value: valueFrom(parsed),
    };
  } catch (error) {
    return { do: 'refuse', problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Puts `over` on `base`: mappings are merged, lists are appended (flags add targets), everything else is replaced. */
export function mergeValues(base: unknown, over: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(over)) return [...base, ...over];
  if (isMapping(base) && isMapping(over)) {
    const merged: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(over))
      merged[key] = key in merged ? mergeValues(merged[key], value) : value;
    return merged;
  }
  return over;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
