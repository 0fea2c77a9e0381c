import { planAlerts } from '../../../alerts/index.ts';
import { clientNames, planDashboards } from '../../../dashboards/index.ts';
import { formatProblems, parseSpec, type Service } from '../../../slo/index.ts';
import { failed } from '../errors.ts';

/**
 * Reads slo.json.
 * @param file what the problems call it
 * @throws CliError (exit code 1) that lists every problem of the spec with its path
 */
export function readSpec(sloText: string, file = 'slo.json'): Service {
  const spec = parseSpec(sloText);
  if (!spec.ok) throw failed(`The objectives are not right.\n${formatProblems(file, spec.problems)}`);
  return spec.service;
}

/**
 * Everything that is rendered from slo.json: path in the service -> text.
 * @param options names of the template options that are on; they decide the rows of the dashboard
 */
export function renderOps(service: Service, options: readonly string[]): ReadonlyMap<string, string> {
  const clients = clientNames.filter((name) => options.includes(name));
  const dashboards = planDashboards(service, { clients });
  return new Map([...planAlerts(service), ...dashboards].map(([path, text]) => [`ops/${path}`, text]));
}
