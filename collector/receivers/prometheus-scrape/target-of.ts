import { label } from '../../../slo/index.ts';
import type { ScrapeSettings, ScrapeTarget } from './target.ts';

/** Labels of a target as a discovery finds it: `__address__` and others that begin with `__` say how to scrape it. */
export type FoundLabels = Readonly<Record<string, string>>;

/** What a job says of each of its targets, where the target does not say otherwise itself. */
export interface TargetDefaults {
  job: string;
  scheme: string;
  path: string;
  /** Seconds. */
  interval: number;
  timeout: number;
  labels: Readonly<Record<string, string>>;
  settings: ScrapeSettings;
}

const META = '__';
const PARAMETER = '__param_';
/** Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#duration */
const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;
const DURATION_SECONDS = [31_536_000, 604_800, 86_400, 3600, 60, 1, 0.001];

/**
 * A found target as it is scraped: its labels win over what the job says, `__address__`, `__scheme__`,
 * `__metrics_path__`, `__scrape_interval__`, `__scrape_timeout__` and `__param_NAME` say where and how often, and no
 * label that begins with `__` is kept. Throws with what is wrong about it.
 * Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config
 */
export function targetOf(found: FoundLabels, defaults: TargetDefaults): ScrapeTarget {
  const of = (name: string) => found[name] || undefined;
  const url = urlOf(found, defaults);
  const intervalMs = durationMs('__scrape_interval__', of('__scrape_interval__')) ?? defaults.interval * 1000;
  const timeoutMs = durationMs('__scrape_timeout__', of('__scrape_timeout__')) ?? defaults.timeout * 1000;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const kept = Object.entries({ ...defaults.labels, ...found }).filter(
    ([name, value]) => !name.startsWith(META) && value !== '',
  );
  return {
    job: of(label.job) ?? defaults.job,
    instance: of(label.instance) ?? `${url.hostname}:${port}`,
    url: url.href,
    intervalMs,
    // A scrape must have ended when the next one begins.
    timeoutMs: Math.min(timeoutMs, intervalMs),
    labels: Object.fromEntries(kept),
    settings: defaults.settings,
  };
}

/** An address as the user gave it, host:port or a whole URL, as the labels of a discovery. */
export function labelsOfAddress(address: string): FoundLabels {
  if (!address.includes('://')) return { __address__: address };
  const url = new URL(address);
  const parameters = [...url.searchParams].map(([name, value]) => [`${PARAMETER}${name}`, value]);
  return {
    __address__: url.host,
    __scheme__: url.protocol.slice(0, -1),
    __metrics_path__: url.pathname,
    ...Object.fromEntries(parameters),
  };
}

/** What makes two found targets one. */
export function identityOf({ job, instance, url, labels }: ScrapeTarget): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([url, job, instance, sorted]);
}

function urlOf(found: FoundLabels, defaults: TargetDefaults): URL {
  const address = found['__address__'] ?? '';
  const scheme = found['__scheme__'] || defaults.scheme;
  const path = found['__metrics_path__'] || defaults.path;
  if (scheme !== 'http' && scheme !== 'https')
    throw new Error(`the scheme ${scheme} is neither http nor https`);
  // A slash or an @ in the address would make it another place than it looks like.
  if (address === '' || /[\s/?#@]/.test(address) || !URL.canParse(`${scheme}://${address}`))
    throw new Error(`${JSON.stringify(address)} is no host:port`);
  const url = new URL(`${scheme}://${address}`);
  const [pathname = '', query] = path.split(/\?(.*)/s, 2);
  url.pathname = pathname.startsWith('/') ? pathname : `/${pathname}`;
  if (query !== undefined) url.search = query;
  for (const [name, value] of Object.entries(found)) {
    if (name.startsWith(PARAMETER)) url.searchParams.append(name.slice(PARAMETER.length), value);
  }
  return url;
}

function durationMs(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parts = DURATION.exec(text)?.slice(1) ?? [];
  const seconds = parts.reduce((sum, part, i) => sum + Number(part ?? 0) * DURATION_SECONDS[i]!, 0);
  if (!(seconds > 0)) throw new Error(`${name} is ${JSON.stringify(text)}, which is no duration such as 15s`);
  return seconds * 1000;
}
