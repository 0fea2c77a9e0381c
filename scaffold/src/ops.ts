import { planAlerts } from '../../alerts/index.ts';
import { planDashboards } from '../../dashboards/index.ts';
import { formatProblems, parseSpec } from '../../slo/index.ts';
import { failed } from './errors.ts';

/**
 * Everything that is rendered from slo.json: path in the service -> text.
 * @param options names of the template options that are on; they decide the rows of the dashboard
 * @param file what the problems call slo.json
 * @throws CliError (exit code 1) that lists every problem of the spec with its path
 */
export function renderOps(
  sloText: string,
  options: readonly string[],
  file = 'slo.json',
): ReadonlyMap<string, string> {
  const spec = parseSpec(sloText);
  if (!spec.ok) throw failed(`The objectives are not right.\n${formatProblems(file, spec.problems)}`);
  const dashboards = planDashboards(spec.service, { redis: options.includes('redis') });
  return new Map([...planAlerts(spec.service), ...dashboards].map(([path, text]) => [`ops/${path}`, text]));
}
