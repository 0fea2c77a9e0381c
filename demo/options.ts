import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultPort } from '../slo/index.ts';

/** What `npm start` was asked to do. */
export interface DemoOptions {
  once: boolean;
  servicePort: number;
  adminPort: number;
  otlpPort: number;
  apiPort: number;
  /** Seconds of quiet traffic before the cache slows down: what "usual" is measured in. */
  faultAfterSeconds: number;
  /** Where everything is made; emptied of what an earlier run left. */
  workDir: string;
}

export const DEMO_USAGE = `npm start: a generated Go service under traffic, the collector beside it, and the outage of a slow cache

Usage: npm start -- [flags]

  --once                wait for nobody: run to the incident, print how it was found, end
  --service-port PORT   the service (default 8080)
  --admin-port PORT     its metrics, health and profiles (default 8081)
  --otlp-port PORT      the collector's OTLP/HTTP (default 4318)
  --api-port PORT       the collector's console and API (default 4319)
  --fault-after SECONDS quiet time before the cache slows down (default 120)
  --work DIR            where the service, its logs and the store are made (default .demo in the clone)
  --help
`;

const OPTIONS = {
  once: { type: 'boolean' },
  'service-port': { type: 'string' },
  'admin-port': { type: 'string' },
  'otlp-port': { type: 'string' },
  'api-port': { type: 'string' },
  'fault-after': { type: 'string' },
  work: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function whole(
  flag: string,
  text: string | undefined,
  otherwise: number,
  least: number,
  most: number,
): number {
  if (text === undefined) return otherwise;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new Error(`--${flag} ${text}: must be a whole number from ${least} to ${most}`);
  return value;
}

/**
 * Reads the flags.
 * @param dirs `caller` is what a relative --work starts from, `usual` the folder without --work
 * @throws Error that says which flag is wrong and what it takes
 */
export function parseDemoOptions(
  argv: readonly string[],
  dirs: { caller: string; usual: string },
): DemoOptions | 'help' {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS, strict: true });
  if (values.help) return 'help';
  const port = (flag: 'service-port' | 'admin-port' | 'otlp-port' | 'api-port', otherwise: number) =>
    whole(flag, values[flag], otherwise, 1, 65_535);
  const ports = {
    servicePort: port('service-port', defaultPort.service),
    adminPort: port('admin-port', defaultPort.serviceAdmin),
    otlpPort: port('otlp-port', defaultPort.otlpHttp),
    apiPort: port('api-port', defaultPort.collectorHttp),
  };
  const taken = Object.values(ports);
  const twice = taken.find((value, i) => taken.indexOf(value) !== i);
  if (twice !== undefined) throw new Error(`port ${twice} is given to two parts: each needs its own`);
  return {
    once: values.once ?? false,
    ...ports,
    faultAfterSeconds: whole('fault-after', values['fault-after'], 120, 30, 3600),
    workDir: values.work === undefined ? dirs.usual : resolve(dirs.caller, values.work),
  };
}
