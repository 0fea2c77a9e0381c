// Sloth, whose rules ours are measured beside: as its users get them, with its default windows of 30 days.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { failedAnswers, requestCounts, type Service, type Slo, selectorText } from '../../slo/index.ts';
import { goTool } from '../../test/helpers/tool-recipes.ts';
import type { BenchDeps } from '../bench.ts';
import { runCommand } from '../processes.ts';

/** Version of the peer. */
const slothVersion = 'v0.16.0';

const recipe = goTool({
  command: 'sloth',
  module: 'github.com/slok/sloth',
  version: slothVersion,
  package: './cmd/sloth',
  ldflags: `-X github.com/slok/sloth/internal/info.Version=${slothVersion}`,
  versionArgs: ['version'],
  remedy: 'connect to the Go module proxy',
});

/** Path of Sloth, built first when the machine lacks it. @throws Error that says what is missing */
export function sloth(deps: BenchDeps): string {
  if (!recipe.find()) {
    deps.tell(`building Sloth ${slothVersion}, which takes minutes`);
    recipe.get();
  }
  const path = recipe.find();
  if (path === undefined) throw new Error(`Sloth cannot be built: ${recipe.remedy}`);
  return path;
}

/** The objectives of a service as Sloth's users write them: requests, those that failed, and both of its alerts. */
export function slothSpec(service: Service): string {
  return stringify({
    version: 'prometheus/v1',
    service: service.name,
    slos: service.slos.map((slo) => ({
      name: slo.id,
      objective: Number((slo.objective.ratio * 100).toPrecision(9)),
      sli: { events: { error_query: rate(service, slo, failedAnswers), total_query: rate(service, slo) } },
      alerting: {
        name: 'SloBurnRate',
        page_alert: { labels: { severity: 'page' } },
        ticket_alert: { labels: { severity: 'ticket' } },
      },
    })),
  });
}

function rate(service: Service, slo: Slo, ...more: Parameters<typeof requestCounts>[2][]): string {
  const [selector] = requestCounts(service, slo, ...more);
  return `sum(rate(${selectorText(selector!)}[{{.window}}]))`;
}

/** Sloth's rules of a service, as the text of a rule file. */
export async function slothRules(service: Service, deps: BenchDeps): Promise<string> {
  const [spec, rules] = [join(deps.folder, 'sloth.yaml'), join(deps.folder, 'sloth-rules.yaml')];
  writeFileSync(spec, slothSpec(service));
  const { env, signal } = deps;
  await runCommand({ command: sloth(deps), args: ['generate', '-i', spec, '-o', rules], env, signal });
  return readFileSync(rules, 'utf8');
}
