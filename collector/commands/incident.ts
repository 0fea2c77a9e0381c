import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { defaultPort, nearest } from '../../slo/index.ts';
import { INCIDENT_FORMAT_NAMES, type IncidentFormat } from '../correlate/share/formats.ts';
import type { Clock } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { type IncidentHead, renderList } from './incident/list.ts';
import { type Incidents, incidentsOfApi, withStore } from './incident/sources.ts';
import { UsageProblem } from './store/command.ts';

/** What the incident commands need from outside. */
export interface IncidentCommandDeps {
  /** Where incidents go. */
  output: Writable;
  /** One line for the operator. */
  tell(line: string): void;
  /** What relative paths start from. */
  baseDir: string;
  clock: Clock;
  fetch: typeof fetch;
}

const DEFAULT_URL = `http://127.0.0.1:${defaultPort.collectorHttp}`;
const COMMANDS = ['list', 'show'];

const USAGE = `go-sre-collector incident list [flags]: the incidents, newest first
go-sre-collector incident show ID [flags]: one incident, to read or to share

  --format FORMAT   of show: ${INCIDENT_FORMAT_NAMES.join(', ')} (default text); of list: text, json
  --url URL         the collector that is asked (default ${DEFAULT_URL})
  --data DIR        a store that no collector has open, its folder or its file, instead of --url
  --help

ID may be \`latest\`. The HTML is one file with its charts, waterfall and log lines: … show ID --format html > incident.html
Exit codes: 0 done, 1 failed or not found, 2 usage.
`;

const OPTIONS = {
  format: { type: 'string' },
  url: { type: 'string' },
  data: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Flags = ReturnType<typeof parsed>['values'];

/** `go-sre-collector incident …`; resolves to the exit code: 0 done, 1 failed or not found, 2 usage. */
export async function runIncident(argv: readonly string[], deps: IncidentCommandDeps): Promise<number> {
  try {
    const { values, positionals } = parsed(argv);
    if (values.help || positionals.length === 0) {
      deps.output.write(USAGE);
      return values.help ? 0 : 2;
    }
    const run = commandOf(positionals, values);
    const { data, url = DEFAULT_URL } = values;
    deps.output.write(
      data === undefined ? await run(incidentsOfApi(url, deps)) : await withStore(data, deps, run),
    );
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageProblem;
    if (!isUsage && !(error instanceof CollectorError)) throw error;
    deps.tell(`go-sre-collector incident: ${error.message}`);
    if (isUsage) deps.tell('See go-sre-collector incident --help.');
    return isUsage ? 2 : 1;
  }
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error));
  }
}

/** What is to be written, once it is known where the incidents are. */
function commandOf(words: readonly string[], flags: Flags): (incidents: Incidents) => Promise<string> {
  const [name = '', id, ...more] = words;
  if (flags.url !== undefined && flags.data !== undefined)
    throw new UsageProblem('--url and --data: give one, both say where the incidents are');
  if (name === 'list' && id === undefined) return list(oneOf(flags.format, ['text', 'json']));
  if (name === 'show' && id !== undefined && more.length === 0)
    return show(id, oneOf(flags.format, INCIDENT_FORMAT_NAMES));
  if (name === 'list') throw new UsageProblem(`list takes no ${id}`);
  if (name === 'show') throw new UsageProblem('show takes one ID; list tells them');
  const near = nearest(name, COMMANDS);
  throw new UsageProblem(`there is no command ${name}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
}

function oneOf<T extends string>(given: string | undefined, words: readonly T[]): T {
  const found = words.find((word) => word === (given ?? 'text'));
  if (found === undefined) throw new UsageProblem(`--format ${given}: must be one of ${words.join(', ')}`);
  return found;
}

function list(format: 'text' | 'json') {
  return async (incidents: Incidents) => {
    const heads = await incidents.list();
    return format === 'json' ? `${JSON.stringify(heads, null, 2)}\n` : renderList(heads);
  };
}

function show(id: string, format: IncidentFormat) {
  return async (incidents: Incidents) => {
    const known = id === 'latest' ? newest(await incidents.list()) : id;
    return incidents.show(known, format);
  };
}

function newest([first]: readonly IncidentHead[]): string {
  if (first) return first.id;
  throw new CollectorError('not-found', 'No incident is stored.');
}
