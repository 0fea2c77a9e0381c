// The emitted services that stand in test/golden/ to be read, compared and compiled. `npm run golden` refreshes them.

import { readFileSync } from 'node:fs';
import * as disk from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { planCollectorAlerts } from '../../alerts/index.ts';
import { planAssembly } from '../../collector/assembly.ts';
import { planCollectorDashboard, planFleetDashboard } from '../../dashboards/index.ts';
import type { Answers } from '../../scaffold/src/answers.ts';
import { write } from '../../scaffold/src/create/write.ts';
import { type Plan, plan } from '../../scaffold/src/emit/plan.ts';
import { readTemplate } from '../../scaffold/src/emit/template.ts';
import { packageVersion, pipelinesFolder, templateFolder } from '../../scaffold/src/package.ts';
import { type CiSystem, ciSystems, renderPipeline } from '../../scaffold/src/pipeline/render.ts';
import { renderRulesPage } from './rules-page.ts';
import { planSpecPages } from './spec-page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const goldenFolder = fileURLToPath(new URL('../golden', import.meta.url));

/** Folder in test/golden/ -> the answers that give it: the default router with everything on, and with nothing. */
export const goldenServices: Readonly<Record<string, Answers>> = {
  shop: {
    name: 'shop',
    module: 'example.com/shop',
    port: 8080,
    router: 'nethttp',
    with: ['http-client', 'postgres', 'redis'],
    ci: ['github', 'gitlab'],
  },
  plain: {
    name: 'order-api',
    module: 'github.com/Acme/order-api/v2',
    port: 9000,
    router: 'nethttp',
    with: [],
    ci: [],
  },
};

/** Absolute path of a golden service. */
export function goldenPath(service: string): string {
  return join(goldenFolder, service);
}

/** What the generator emits for a golden service now, without the archive: its bytes depend on the zlib that made it. */
export function planGolden(service: string): Plan {
  const planned = plan(goldenServices[service]!, readTemplate(templateFolder), packageVersion);
  return new Map([...planned].filter(([path]) => path !== '.go-sre/base.tar.gz'));
}

/** The parts of the template that `go-sre pipeline` renders, with the template's word for the version. */
export function templatePipelines(): Map<string, string> {
  const choices = { scanner: 'trivy', image: undefined, budget: undefined, alone: false } as const;
  return new Map(
    (Object.keys(ciSystems) as CiSystem[]).map((ci) => {
      const source = readFileSync(join(pipelinesFolder, ciSystems[ci].source), 'utf8');
      return [ciSystems[ci].path, renderPipeline(ci, choices, source, '0.0.0-template')];
    }),
  );
}

/** Rules and dashboards that are the same for everybody, and stand beside the code that makes them: path from the root -> text. */
export function planCollectorOps(): Map<string, string> {
  const placed = (folder: string, files: Map<string, string>) =>
    [...files].map(([name, text]) => [join(folder, name), text] as const);
  return new Map([
    ...placed('alerts/collector', planCollectorAlerts()),
    ...placed('dashboards/collector', planCollectorDashboard()),
    ...placed('dashboards/fleet', planFleetDashboard()),
  ]);
}

if (import.meta.main) {
  for (const [path, text] of templatePipelines()) {
    await disk.mkdir(dirname(join(templateFolder, path)), { recursive: true });
    await disk.writeFile(join(templateFolder, path), text);
  }
  await disk.rm(goldenFolder, { recursive: true, force: true });
  await disk.mkdir(dirname(goldenPath('any')), { recursive: true });
  for (const service of Object.keys(goldenServices)) {
    const planned = planGolden(service);
    await write(planned, goldenPath(service), { disk });
    console.log(`test/golden/${service}: ${planned.size} files`);
  }
  await disk.writeFile(new URL('../../docs/rules.md', import.meta.url), renderRulesPage());
  for (const [path, text] of await planAssembly()) await disk.writeFile(path, text);
  for (const [path, text] of [...planCollectorOps(), ...planSpecPages()])
    await disk.writeFile(join(root, path), text);
}
