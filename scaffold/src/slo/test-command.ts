import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  alertGroups,
  planAlerts,
  type RuleTarget,
  type RuleTest,
  ruleTargets,
  ruleTests,
  serviceTests,
} from '../../../alerts/index.ts';
import type { Service } from '../../../slo/index.ts';
import { command, type GoSreDeps } from '../command.ts';
import { failed, usage } from '../errors.ts';
import type { RunResult } from '../processes.ts';
import { failureText, type RuleTestFailure, readFailures } from './promtool-report.ts';
import { readObjectives } from './specs.ts';

/** A thousand objectives take about three minutes. */
const timeoutMs = 15 * 60 * 1_000;

/** Targets whose rules promtool evaluates as they will be. */
const testable = ['prometheus', 'prometheus-anchored'] as const;

/** `go-sre slo test`. */
export const sloTest = command({
  name: 'slo test',
  summary: 'Proves the rules before they are applied: renders them and runs their unit tests with promtool.',
  details: `
Rules and tests are rendered from the objectives into a temporary folder, as a Prometheus evaluates them. The
tests feed outages, slow burns, quiet and idle routes, late error series, restarts and gaps; what must fire is
computed from these events. Objectives by a free expression have no tests: no series are known for them.`,
  flags: {
    dir: { type: 'string', value: 'DIR', does: 'folder of the service (default: the current one)' },
    slo: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      does: 'further objectives, as slo render takes them',
    },
    target: {
      type: 'string',
      value: 'NAME',
      does: `whose rules: ${testable.join(' or ')} (default: ${testable[0]}); promtool evaluates no others`,
    },
    promtool: { type: 'string', value: 'PATH', does: 'the promtool to run (default: the one on PATH)' },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`slo test takes flags only, ${positionals[0]} is none.`);
    const name = testable.find((one) => one === (values.target ?? testable[0]));
    if (name === undefined)
      throw usage(`--target ${values.target}: promtool evaluates rules for ${testable.join(' and ')} only.`);
    const service = await readObjectives(values, deps);
    const program = values.promtool === undefined ? 'promtool' : resolve(deps.cwd, values.promtool);
    const result = await proveRules(service, ruleTargets[name], program, deps);
    deps.stdout.write(values.json ? `${JSON.stringify(result)}\n` : resultText(result));
    return result.failures.length === 0 ? 0 : 1;
  },
});

/** What the run of promtool gave. */
type Proof = {
  service: string;
  rules: number;
  tests: number;
  /** Objectives whose rules are checked and not tested. */
  untested: readonly string[];
  failures: readonly RuleTestFailure[];
};

/**
 * Writes rules and tests into a temporary folder and has promtool judge them.
 * @throws CliError (exit code 1) when promtool is missing, cannot read the rules, or says what cannot be read here
 */
async function proveRules(
  service: Service,
  target: RuleTarget,
  program: string,
  deps: GoSreDeps,
): Promise<Proof> {
  const folder = await deps.disk.mkdtemp(join(deps.env.TMPDIR || tmpdir(), 'go-sre-slo-test-'));
  try {
    for (const [path, text] of planAlerts(service, target)) {
      if (path.startsWith('prometheus/'))
        await deps.disk.writeFile(join(folder, path.slice('prometheus/'.length)), text);
    }
    const promtool = (...args: string[]) => deps.run(program, args, { cwd: folder, timeoutMs });
    const check = ended(await promtool('check', 'rules', 'rules.yaml'), program);
    if (check.status !== 0) throw failed(`promtool refuses the rules.\n${said(check)}`);
    const tests = [...ruleTests(service), ...serviceTests(service)];
    const run = ended(await promtool('test', 'rules', 'rules.test.yaml'), program);
    return { ...proofOf(service, tests), failures: failuresOf(run, tests) };
  } finally {
    await deps.disk.rm(folder, { recursive: true, force: true });
  }
}

function proofOf(service: Service, tests: readonly RuleTest[]): Omit<Proof, 'failures'> {
  const groups = alertGroups(service, ruleTargets.prometheus);
  const rules = groups.reduce((sum, group) => sum + group.rules.length, 0);
  const asked = tests.flatMap(({ promql_expr_test }) => promql_expr_test.map(({ expr }) => expr)).join('\n');
  const isTested = (id: string) => new RegExp(`["|]${id}["|]`).test(asked);
  const untested = service.slos.map(({ id }) => id).filter((id) => !isTested(id));
  return { service: service.name, rules, tests: tests.length, untested };
}

function failuresOf(run: RunResult, tests: readonly RuleTest[]): readonly RuleTestFailure[] {
  if (run.status === 0) return [];
  const failures = readFailures(said(run), tests);
  if (failures.length === 0) throw failed(`promtool could not run the tests.\n${said(run)}`);
  return failures;
}

/** The run, where there was one. */
function ended(run: RunResult, program: string): RunResult {
  if (run.status !== undefined) return run;
  if (!run.problem?.endsWith('is not installed'))
    throw failed(`promtool did not come to an end: ${run.problem}.`);
  throw failed(
    `There is no ${program}. It is part of every release of Prometheus; version 3 is the one to take, and of Go it is built by: go install github.com/prometheus/prometheus/cmd/promtool@v0.316.0. Put it on PATH, or name it with --promtool PATH.`,
  );
}

function said({ stdout, stderr }: RunResult): string {
  return `${stdout.toString()}\n${stderr}`.replace(/\n\s*\n+/g, '\n').trim();
}

function resultText({ service, rules, tests, untested, failures }: Proof): string {
  const broken = new Set(failures.flatMap((one) => one.tests[0] ?? one.expr)).size;
  const lines = [
    ...failures.map(failureText),
    `${service}: promtool takes all ${rules} rules; ${tests - broken} of ${tests} tests pass.`,
    ...(untested.length === 0
      ? []
      : [
          `Not tested, being free expressions or split by what tells failures apart: ${untested.join(', ')}.`,
        ]),
  ];
  return `${lines.join('\n')}\n`;
}
