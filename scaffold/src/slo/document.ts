import { goJson } from '../go/json.ts';

/** An objective as the table has it; one without numbers is slo.None. */
export type KnownObjective = { availability?: number; latency?: { ratio: number; thresholdNanos: number } };

/** What could be read of one route of the table; what is computed at run time is undefined. */
export type KnownRoute = { pattern: string | undefined; objective: KnownObjective | undefined };

/** One objective as internal/slo of the service puts it into slo.json. */
export type SloLine = {
  id: string;
  kind: 'availability' | 'latency';
  method: string;
  route: string;
  objective: number;
  thresholdSeconds?: number;
  window: string;
};

/** The objectives of one route in the order of internal/slo; the ids are made as there. */
export function slosOf(pattern: string, objective: KnownObjective, window: string): SloLine[] {
  const [method = '', route = ''] = pattern.split(' ', 2);
  const slug = pattern
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const { availability, latency } = objective;
  const lines: SloLine[] = [];
  if (availability !== undefined) {
    lines.push({
      id: `${slug}-availability`,
      kind: 'availability',
      method,
      route,
      objective: availability,
      window,
    });
  }
  if (latency === undefined) return lines;
  const thresholdSeconds = seconds(latency.thresholdNanos);
  const shared = { method, route, objective: latency.ratio, thresholdSeconds, window };
  return [...lines, { id: `${slug}-latency`, kind: 'latency', ...shared }];
}

/** time.Duration.Seconds of Go, with its rounding. */
function seconds(nanos: number): number {
  return Math.trunc(nanos / 1e9) + (nanos % 1e9) / 1e9;
}

/**
 * slo.json with the objectives of one more route at its end, byte for byte as the service will print it; undefined
 * when it is not what the service prints for `routes` now, so that it cannot be known what it should become.
 * @param added pattern and objective of the new route
 * @param shared the window of all objectives, such as "30d"; that of slo.json when it is not known
 */
export function withRoute(
  text: string,
  routes: readonly KnownRoute[],
  added: { pattern: string; objective: KnownObjective },
  shared: string | undefined,
): string | undefined {
  const found = /^(\{\n(?: {2}"\w+": ".*",\n){4} {2}"slos": \[)\n(.*)\n {2}\]\n\}\n$/s.exec(text);
  if (found === null) return undefined;
  const there = found[2] === '' ? [] : found[2]!.split(',\n');
  const window = shared ?? windowOf(there);
  if (window === undefined) return undefined;
  const expected: string[] = [];
  for (const { pattern, objective } of routes) {
    if (pattern === undefined || objective === undefined) return undefined;
    expected.push(...slosOf(pattern, objective, window).map(lineText));
  }
  if (expected.join() !== there.join()) return undefined;
  const lines = [...there, ...slosOf(added.pattern, added.objective, window).map(lineText)];
  return `${found[1]}\n${lines.join(',\n')}\n  ]\n}\n`;
}

/** The window that all objectives of a service share, from the first line. */
function windowOf(lines: readonly string[]): string | undefined {
  return /,"window":"([^"\\]*)"\}$/.exec(lines[0] ?? '')?.[1];
}

/** The keys in the order of SLO in internal/slo. */
function lineText({ id, kind, method, route, objective, thresholdSeconds, window }: SloLine): string {
  const latency = thresholdSeconds === undefined ? {} : { thresholdSeconds };
  return `    ${goJson({ id, kind, method, route, objective, ...latency, window })}`;
}
