import { resolve } from 'node:path';
import { command } from '../command.ts';
import { usage } from '../errors.ts';
import { writeFiles } from '../write-files.ts';
import { planRendering } from './render.ts';

/** `go-sre slo render`. */
export const sloRender = command({
  name: 'slo render',
  summary: 'Renders Prometheus rules, their unit tests and a Grafana dashboard from slo.json into ops/.',
  flags: {
    dir: { type: 'string', value: 'DIR', does: 'folder of the service (default: the current one)' },
    check: {
      type: 'boolean',
      does: 'write nothing; exit code 1 when a file does not follow from slo.json',
    },
    'dry-run': { type: 'boolean', does: 'list the files, write nothing' },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`slo render takes flags only, ${positionals[0]} is none.`);
    const dir = resolve(deps.cwd, values.dir ?? '.');
    const rendering = await planRendering(dir, deps.disk);
    const written = !values['dry-run'] && !values.check;
    if (written) await writeFiles(dir, rendering.changes, deps.disk);
    const { files, warnings } = rendering;
    for (const warning of warnings) deps.stderr.write(`go-sre: ${warning}\n`);
    const stale = files.filter(({ state }) => state !== 'unchanged');
    if (values.json) deps.stdout.write(`${JSON.stringify({ dir, written, files, warnings })}\n`);
    else for (const { path, state } of files) deps.stdout.write(`${state.padEnd(9)}  ${path}\n`);
    if (!values.check || stale.length === 0) return 0;
    deps.stderr.write(
      `go-sre: ${stale.length} of ${files.length} files do not follow from slo.json any more. Run npx -y -p create-go-sre-service go-sre slo render.\n`,
    );
    return 1;
  },
});
