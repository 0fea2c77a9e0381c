import { planAlerts } from '../../alerts/index.ts';
import { formatProblems, parseSpec } from '../../slo/index.ts';
import { failed } from './errors.ts';

/**
 * Everything that is rendered from slo.json: path in the service -> text.
 * @param file what the problems call slo.json
 * @throws CliError (exit code 1) that lists every problem of the spec with its path
 */
export function renderOps(sloText: string, file = 'slo.json'): ReadonlyMap<string, string> {
  const spec = parseSpec(sloText);
  if (!spec.ok) throw failed(`The objectives are not right.\n${formatProblems(file, spec.problems)}`);
  return new Map([...planAlerts(spec.service)].map(([path, text]) => [`ops/${path}`, text]));
}
