import { basename, dirname, resolve } from 'node:path';
import {
  type RuleTarget,
  type RuleTargetName,
  renderRules,
  ruleTargets,
  targetProblem,
} from '../../../alerts/index.ts';
import { formatFileProblems, formatProblems, nearest, parseSpec, type Service } from '../../../slo/index.ts';
import { command } from '../command.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { failed, usage } from '../errors.ts';
import { writeFiles } from '../write-files.ts';

/** More files than a person can oversee. */
const maxFiles = 500;
const targets = Object.keys(ruleTargets) as RuleTargetName[];

/** `go-sre slo rules`. */
export const sloRules = command({
  name: 'slo rules',
  summary: 'Prints the Prometheus rules of any files of objectives, and nothing else.',
  takes: 'FILE...',
  details: `
  go-sre slo rules slo.json
  go-sre slo rules slos/*.yaml --target mimir --out rules.yaml

Files may be in this format, as JSON or YAML, in OpenSLO v1 or in Sloth v1, and speak of several services. To keep rules, tests and
dashboards in the folder of a service, take go-sre slo render.`,
  flags: {
    target: {
      type: 'string',
      value: 'TARGET',
      does: `what evaluates the rules: ${targets.join(', ')} (default: prometheus)`,
    },
    out: { type: 'string', value: 'FILE', does: 'write them there (default: print them)' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length === 0) throw usage('Name the files of objectives: go-sre slo rules slo.json');
    if (positionals.length > maxFiles)
      throw usage(`${positionals.length} files are more than the ${maxFiles} that can be read at once.`);
    const target = targetOf(values.target ?? 'prometheus');
    const services = await readServices(positionals, deps.cwd, deps.disk, (warning) =>
      deps.stderr.write(`go-sre: ${warning}\n`),
    );
    for (const service of services) {
      const problem = targetProblem(service, target);
      if (problem !== undefined) throw failed(`${service.name}: ${problem}`);
    }
    const text = renderRules(services, target);
    if (values.out === undefined) {
      deps.stdout.write(text);
      return 0;
    }
    const file = resolve(deps.cwd, values.out);
    const before = await readIfThere(file, deps.disk);
    await writeFiles(dirname(file), [{ path: basename(file), before, after: Buffer.from(text) }], deps.disk);
    return 0;
  },
});

function targetOf(name: string): RuleTarget {
  if ((targets as string[]).includes(name)) return ruleTargets[name as RuleTargetName];
  const near = nearest(name, targets);
  const advice = near === undefined ? `known are ${targets.join(', ')}` : `did you mean ${near}?`;
  throw usage(`--target ${name} is no target; ${advice}`);
}

/** The services of all files. What only YAML needs is loaded where YAML is read. */
async function readServices(
  paths: readonly string[],
  cwd: string,
  disk: Pick<Disk, 'readFile'>,
  warn: (warning: string) => void,
): Promise<readonly Service[]> {
  const files = await Promise.all(
    paths.map(async (file) => {
      const text = (await readIfThere(resolve(cwd, file), disk))?.toString();
      if (text === undefined) throw failed(`There is no ${file}.`);
      return { file, text };
    }),
  );
  const [only, ...more] = files;
  if (only && more.length === 0 && only.file.endsWith('.json')) {
    const spec = parseSpec(only.text);
    if (spec.ok) return [spec.service];
    // JSON of another format names no schema of ours, and is told by what stands there.
    if (!spec.problems.some(({ path }) => path === 'schema'))
      throw failed(`The objectives are not right.\n${formatProblems(only.file, spec.problems)}`);
  }
  const { readSpecFiles } = await import('../../../slo/import/read.ts');
  const { services, problems, warnings } = readSpecFiles(files);
  if (problems.length > 0) throw failed(`The objectives are not right.\n${formatFileProblems(problems)}`);
  for (const warning of warnings) warn(warning);
  return services;
}
