import { alertGroups, planAlerts, ruleTargets, targetProblem } from '../../../alerts/index.ts';
import { clientNames, planDashboards } from '../../../dashboards/index.ts';
import { groupingProblem, nameProblem, planGitOps } from '../../../gitops/index.ts';
import { formatProblems, parseSpec, type Service } from '../../../slo/index.ts';
import type { Answers } from '../answers.ts';
import { failed } from '../errors.ts';
import { opsPrefix } from '../manifest.ts';
import { type Choices, type KeptChoices, readChoices } from './choices.ts';

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

/** What ops/ follows from beside the objectives. */
export type RenderContext = {
  /** The answers that the service was made from; undefined where it is not one of ours. */
  answers: Pick<Answers, 'port' | 'with'> | undefined;
  choices: KeptChoices;
  /** Of the generator: the collector in the pod has the same. */
  version: string;
};

const grafanaFolder = 'grafana/';

/**
 * Everything that is rendered from the objectives: path in the service -> text.
 * @throws CliError (exit code 1) where the choices, or the name of the service, cannot be
 */
export function renderOps(service: Service, context: RenderContext): ReadonlyMap<string, string> {
  const choices = readChoices(context.choices, service.name);
  const target = ruleTargets[choices.target];
  const unfit = targetProblem(service, target);
  if (unfit !== undefined) throw failed(unfit);
  const options = context.answers?.with ?? [];
  const clients = clientNames.filter((name) => options.includes(name));
  // Of a service that is not ours it is not known whether it is scraped, nor as what.
  const watched = context.answers === undefined ? 'unknown' : clients;
  const dashboards = planDashboards(service, { clients });
  const files = [
    ...planAlerts(service, target, watched),
    ...dashboards,
    ...gitOps(service, { dashboards, clients: watched }, choices, context),
  ];
  return new Map(files.map(([path, text]) => [`${opsPrefix}${path}`, text]));
}

function gitOps(
  service: Service,
  {
    dashboards,
    clients,
  }: { dashboards: ReadonlyMap<string, string>; clients: readonly string[] | 'unknown' },
  { target, kubernetes }: Choices,
  { answers, version }: RenderContext,
): ReadonlyMap<string, string> {
  if (kubernetes === undefined) return new Map();
  const problem = nameProblem(service.name);
  if (problem !== undefined) throw failed(`The service ${problem}. Give it another name.`);
  const clash = groupingProblem(service);
  if (clash !== undefined) throw failed(clash);
  const ofGrafana = [...dashboards].filter(([path]) => path.startsWith(grafanaFolder));
  return planGitOps({
    service,
    options: kubernetes,
    groups: alertGroups(service, ruleTargets[target], clients),
    dashboards: new Map(ofGrafana.map(([path, text]) => [path.slice(grafanaFolder.length), text])),
    workload: answers && { port: answers.port, options: answers.with, collectorVersion: version },
  });
}
