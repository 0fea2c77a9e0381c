// npm run bench -- NAME: one measurement, its table, and last a line that a program reads.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest } from '../slo/index.ts';
import type { Bench, Settings } from './bench.ts';
import { createToFirstTrace } from './create-to-first-trace.ts';
import { detection } from './detection.ts';
import { dockerfileRealModules } from './dockerfile-real-modules.ts';
import { footprint } from './footprint.ts';
import { gateDetection } from './gate-detection.ts';
import { gateHadolint } from './gate-hadolint.ts';
import { ingestLogs } from './ingest-logs.ts';
import { ingestTraces } from './ingest-traces.ts';
import { machine } from './machine.ts';
import { killAll } from './processes.ts';
import { query } from './query.ts';
import { rcaCost } from './rca-cost.ts';
import { rcaFaults } from './rca-faults.ts';
import { rcaNezha } from './rca-nezha.ts';
import { rcaQuiet } from './rca-quiet.ts';
import { render } from './render.ts';
import { figureTable, renderTable, resultLine } from './report.ts';
import { rulesCost } from './rules-cost.ts';
import { rulesTruth } from './rules-truth.ts';
import { scrape } from './scrape.ts';
import { seal } from './seal.ts';
import { serviceOverhead } from './service-overhead.ts';
import { serviceSize } from './service-size.ts';
import { serviceSoak } from './service-soak.ts';
import { type BenchName, missesTarget } from './targets.ts';

const benches: { [Name in BenchName]: Bench<Name> } = {
  'service-size': serviceSize,
  'service-overhead': serviceOverhead,
  'service-soak': serviceSoak,
  'create-to-first-trace': createToFirstTrace,
  'dockerfile-real-modules': dockerfileRealModules,
  'gate-detection': gateDetection,
  'gate-hadolint': gateHadolint,
  'ingest-traces': ingestTraces,
  'ingest-logs': ingestLogs,
  'rules-cost': rulesCost,
  'rules-truth': rulesTruth,
  detection,
  'rca-cost': rcaCost,
  'rca-nezha': rcaNezha,
  'rca-quiet': rcaQuiet,
  'rca-faults': rcaFaults,
  render,
  seal,
  scrape,
  footprint,
  query,
};

const names = Object.keys(benches) as BenchName[];

const list = names.map((name) => `  ${name.padEnd(24)} ${benches[name].question}`).join('\n');

const usage = `npm run bench -- NAME: measures, beside its peers, and compares with the target

${list}

  --rounds N      alternating rounds (each bench has its own number)
  --requests N    requests of a round, or of the whole soak: fewer to try it out
  --case NAME     ingest-traces, ingest-logs, rca-faults (or several, with commas): this case alone
  --profile DIR   service-overhead: also write CPU profiles there, for \`go tool pprof\`;
                  benches of the collector: of our collector, for Chrome's developer tools;
                  rca-faults: each case's incidents, as text and JSON, and its store
  --modules FILE  dockerfile-real-modules: \`module@version main-package\` a line, instead of its own
  --cases DIR     gate-detection: folders RULE--bad-N and RULE--ok-N, instead of its own
  --corpus FILE   gate-hadolint: [{"rule":…,"dockerfile":…,"flagged":…}], instead of its own
  --data DIR      rca-nezha: the labelled faults;
                  rca-quiet: its recording, made there unless it is, and the store of the day
  --hours N       rca-quiet: length of the day, fewer to try it out
  --seed N        rca-quiet: another day out of the same recording
  --help

The last line is RESULT {"bench":NAME,"figures":{…}}; a figure is null when this machine cannot measure it.
Exit codes: 0 done, 1 failed or a target missed, 2 usage, 130 cancelled. docs/benchmarks.md has the methods.
`;

const flags = {
  rounds: { type: 'string' },
  requests: { type: 'string' },
  case: { type: 'string' },
  profile: { type: 'string' },
  modules: { type: 'string' },
  cases: { type: 'string' },
  corpus: { type: 'string' },
  data: { type: 'string' },
  hours: { type: 'string' },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const pathFlags = ['profile', 'modules', 'cases', 'corpus', 'data'] as const;
type PathFlag = (typeof pathFlags)[number];

type Request = { do: 'help' } | { do: 'list' } | { do: 'run'; name: BenchName; settings: Settings };

/** @throws Error that says which word of the command line is wrong */
function parse(argv: readonly string[]): Request {
  const { values, positionals } = parseArgs({ args: [...argv], options: flags, allowPositionals: true });
  if (values.help) return { do: 'help' };
  const [name, ...more] = positionals;
  if (name === undefined) return { do: 'list' };
  if (more.length > 0) throw new Error(`one NAME is expected, ${more[0]} is a second one`);
  const known = names.find((candidate) => candidate === name);
  if (known === undefined) {
    const near = nearest(name, names);
    throw new Error(`there is no bench ${name}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
  }
  const rounds = whole('rounds', values.rounds);
  const requests = whole('requests', values.requests);
  const hours = whole('hours', values.hours);
  const seed = whole('seed', values.seed);
  const settings = {
    ...(rounds !== undefined && { rounds }),
    ...(requests !== undefined && { requests }),
    ...(hours !== undefined && { hours }),
    ...(seed !== undefined && { seed }),
    ...(values.case !== undefined && { case: values.case }),
    ...paths(values),
  };
  return { do: 'run', name: known, settings };
}

/** The paths of the command line, from the folder where npm was called. */
function paths(values: { [Flag in PathFlag]?: string | undefined }): Settings {
  const from = process.env['INIT_CWD'] ?? process.cwd();
  const given = pathFlags.flatMap((flag) => {
    const path = values[flag];
    return path === undefined ? [] : [[flag, resolve(from, path)]];
  });
  return Object.fromEntries(given);
}

function whole(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${flag} ${text}: a whole number from 1 on`);
  return value;
}

async function run(name: BenchName, settings: Settings, signal: AbortSignal): Promise<number> {
  console.log(`${name}: ${benches[name].question}\n${machine(process.env)}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-bench-'));
  const clean = () => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', clean);
  try {
    const tell = (line: string) => console.error(`# ${line}`);
    const found = await benches[name].run({ folder, signal, env: process.env, tell, settings });
    for (const table of [...found.tables, figureTable(name, found.figures, found.explained)])
      console.log(`${renderTable(table)}\n`);
    for (const note of found.notes) console.log(`- ${note}`);
    console.log(resultLine(name, found.figures));
    return missesTarget(name, found.figures, found.explained) ? 1 : 0;
  } finally {
    clean();
    process.off('exit', clean);
  }
}

async function main(argv: readonly string[]): Promise<number> {
  let request: Request;
  try {
    request = parse(argv);
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}\nSee npm run bench -- --help.`);
    return 2;
  }
  if (request.do === 'help') console.log(usage);
  else if (request.do === 'list')
    console.log(`${list}\n\nnpm run bench -- NAME runs one; --help tells the flags.`);
  if (request.do !== 'run') return 0;
  const cancel = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => cancel.abort());
  cancel.signal.addEventListener('abort', killAll);
  try {
    return await run(request.name, request.settings, cancel.signal);
  } catch (error) {
    if (cancel.signal.aborted) {
      console.error('bench: cancelled');
      return 130;
    }
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

// An engine or a socket of a run that was cancelled would keep the process.
process.exit(await main(process.argv.slice(2)));
