import type { Image } from '../../../images/index.ts';
import { usage } from '../errors.ts';

/** What counts as the first healthy answer. */
export type Probe =
  /** An answer of HTTP; `status` says whether it has to be a good one. */
  | { kind: 'http'; port: number; path: string; status: 'good' | 'any' }
  /** The image's own HEALTHCHECK. */
  | { kind: 'healthcheck' };

/**
 * `http://HOST:8080/readyz`, `:8080/readyz` or `8080/readyz`; the port is the one inside of the container.
 * @throws CliError (exit code 2)
 */
export function readHealth(text: string): Probe {
  const found = /^(?:(?:http:\/\/)?[\w.-]*:)?(\d{1,5})(\/[\x21-\x7e]*)?$/.exec(text);
  const port = Number(found?.[1]);
  if (found !== null && port > 0 && port < 65_536)
    return { kind: 'http', port, path: found[2] ?? '/', status: 'good' };
  throw usage(
    `--health is an address such as http://localhost:8081/readyz, with the port inside of the container, not ${JSON.stringify(text)}.`,
  );
}

/** What an image says of its own health: HEALTHCHECK, or else that its first exposed port answers; undefined: nothing. */
export function probeOf({ healthcheck, exposedPorts }: Image['config']): Probe | undefined {
  if (healthcheck !== undefined) return { kind: 'healthcheck' };
  const port = exposedPorts.flatMap((exposed) => /^(\d{1,5})(?:\/tcp)?$/.exec(exposed)?.[1] ?? [])[0];
  return port === undefined ? undefined : { kind: 'http', port: Number(port), path: '/', status: 'any' };
}

/** The probe in words. */
export function probeText(probe: Probe): string {
  if (probe.kind === 'healthcheck') return "the image's HEALTHCHECK, asked every 100 ms";
  const what = probe.status === 'good' ? 'answers with a status below 400' : 'answers';
  return `port ${probe.port} ${what} on ${probe.path}`;
}
