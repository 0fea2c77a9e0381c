import { label, ruleLabel } from '../conventions.ts';
import { nearest } from '../nearest.ts';
import type { Route } from '../slo.ts';
import { httpMethods, maxBy, maxRoutes, pattern } from './keys.ts';
import { type Fields, matching, type Report, readList, readText, show } from './problems.ts';

/** The routes that an objective speaks of, from `route` and `method` or from `routes`; none: the whole service. */
export function readRoutes(fields: Fields, path: string, report: Report): readonly Route[] {
  if (fields.routes !== undefined) {
    for (const key of ['route', 'method'])
      if (fields[key] !== undefined)
        report(`${path}.${key}`, 'stands for one route; beside "routes" it says nothing, remove it');
    return readList(fields.routes, `${path}.routes`, maxRoutes, report).flatMap((text, index) => {
      const [, method, route] = /^(?:([A-Za-z]+) )?(.*)$/s.exec(text)!;
      return readRoute(
        { method, route },
        text,
        `${path}.routes[${index}]`,
        `${path}.routes[${index}]`,
        report,
      );
    });
  }
  const { method, route } = fields;
  if (route === undefined) {
    if (method !== undefined)
      report(`${path}.method`, 'needs a route beside it; a service objective has neither');
    return [];
  }
  const routePath = readText(fields, 'route', path, report);
  if (routePath === undefined) return [];
  return readRoute({ method, route: routePath }, routePath, `${path}.route`, `${path}.method`, report);
}

function readRoute(
  { method, route }: { method: unknown; route: string | undefined },
  text: string,
  routePath: string,
  methodPath: string,
  report: Report,
): readonly Route[] {
  const path = route ?? '';
  if (!matching(path, pattern.path)) {
    const hint = /^[A-Z]+ \//.test(path)
      ? 'the method belongs in "method"'
      : 'it must start with "/" and hold no space';
    report(routePath, `${show(text)} is no path template; ${hint}`);
  }
  if (method !== undefined && !httpMethods.includes(method as string)) {
    const meant = typeof method === 'string' ? nearest(method, httpMethods) : undefined;
    report(methodPath, `${show(method)} is no HTTP method${meant ? `; did you mean "${meant}"?` : ''}`);
  }
  return [{ ...(typeof method === 'string' ? { method } : {}), path }];
}

/** The labels whose values have budgets of their own. */
export function readBy(fields: Fields, path: string, report: Report): readonly string[] {
  if (fields.by === undefined) return [];
  const labels = readList(fields.by, `${path}.by`, maxBy, report);
  for (const [index, name] of labels.entries())
    if (!matching(name, pattern.label) || takenLabels.includes(name) || name.startsWith('__'))
      report(
        `${path}.by[${index}]`,
        takenLabels.includes(name)
          ? `${show(name)} is a label that the rules set or sum over themselves`
          : `${show(name)} is no label name of a series, like "region"`,
      );
  return labels;
}

/** Labels of the recorded series and of alerts, those that the counting sums over, and `month`, which tells its tiles apart. */
const takenLabels: readonly string[] = [
  ...Object.values(ruleLabel),
  ...[label.bucketBound, 'alertname', 'alertstate', 'month'],
];
