import { relative, resolve } from 'node:path';
import { command } from '../command.ts';
import { usage } from '../errors.ts';
import { writeFiles } from '../write-files.ts';
import { choiceFlags, withFlags } from './choices.ts';
import { planRendering } from './render.ts';
import { maxSpecs } from './specs.ts';

/** `go-sre slo render`. */
export const sloRender = command({
  name: 'slo render',
  summary:
    'Renders rules, their unit tests, dashboards and, if asked, Kubernetes resources from slo.json into ops/.',
  details: `
  go-sre slo render --kubernetes --image registry.example.com/shop:1.4.2
  go-sre slo render --kubernetes --grafana operator --repo https://git.example.com/shop.git
  go-sre slo render --slo slos/batch.yaml --target thanos

Objectives come from slo.json, from slo.yaml beside it and from every --slo FILE: this format as YAML, OpenSLO v1 or Sloth v1.
What is chosen by a flag is kept in .go-sre/manifest.json, so that later runs, --check and update render the same without it.
A file that no longer follows is removed, unless somebody edited it.`,
  flags: {
    dir: { type: 'string', value: 'DIR', does: 'folder of the service (default: the current one)' },
    slo: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      does: 'further objectives of the same service, repeatable; none: no further files any more',
    },
    ...choiceFlags,
    check: {
      type: 'boolean',
      does: 'write nothing; exit code 1 when a file does not follow from the objectives',
    },
    'dry-run': { type: 'boolean', does: 'list the files, write nothing' },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`slo render takes flags only, ${positionals[0]} is none.`);
    const dir = resolve(deps.cwd, values.dir ?? '.');
    const rendering = await planRendering(dir, deps.disk, undefined, {
      choose: (kept) => withFlags(kept, values),
      ...(values.slo && { specs: specPaths(values.slo, deps.cwd, dir) }),
    });
    const written = !values['dry-run'] && !values.check;
    if (written) await writeFiles(dir, rendering.changes, deps.disk, rendering.removals);
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

/** The files of --slo as the manifest keeps them: relative to the service, with forward slashes. */
function specPaths(given: readonly string[], cwd: string, dir: string): readonly string[] {
  if (given.includes('none')) {
    if (given.length > 1) throw usage('--slo none stands alone, it was given beside another.');
    return [];
  }
  if (given.length > maxSpecs) throw usage(`--slo was given ${given.length} times; ${maxSpecs} are read.`);
  const paths = given.map((path) => relative(dir, resolve(cwd, path)).replaceAll('\\', '/'));
  return [...new Set(paths)].sort();
}
