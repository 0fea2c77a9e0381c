import { resolve } from 'node:path';
import { command } from '../command.ts';
import { usage } from '../errors.ts';
import { basePath } from '../manifest.ts';
import { reportText } from './report.ts';
import { updateService } from './service.ts';

const flags = {
  dir: { type: 'string', value: 'DIR', does: 'folder of the service (default: the current one)' },
  with: { type: 'string', multiple: true, value: 'OPTION', does: 'add an option to the service, repeatable' },
  router: { type: 'string', value: 'ROUTER', does: 'change the router' },
  ci: {
    type: 'string',
    multiple: true,
    value: 'CI',
    does: 'change the CI systems: gitlab, github, both, or none',
  },
  'dry-run': { type: 'boolean', does: 'list every file and what would happen to it, write nothing' },
  diff: { type: 'boolean', does: 'print the changes as git apply takes them' },
  'allow-dirty': { type: 'boolean', does: 'also change files that have uncommitted changes' },
  json: { type: 'boolean', does: 'print one JSON object' },
} as const;

/** `go-sre update`. */
export const update = command({
  name: 'update',
  summary: "Merges what changed in the generator's template since into the service, and keeps every edit.",
  details: `
Three versions are merged, file by file: the one that was emitted (${basePath}), the template's of today with
the same answers, and yours. Where both changed the same lines in different ways, both stand in the file between
conflict markers, and the exit code is 3.`,
  flags,
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`update takes flags only, ${positionals[0]} is none.`);
    const report = await updateService(resolve(deps.cwd, values.dir ?? '.'), values, deps);
    const text = values.json ? `${JSON.stringify(report)}\n` : reportText(report, values['dry-run'] === true);
    deps.stdout.write(text);
    if (report.refusal !== undefined) return 1;
    return report.conflicts.length > 0 ? 3 : 0;
  },
});
