import { nearest } from '../../slo/index.ts';
import { INCIDENT_FORMAT_NAMES, type IncidentFormat } from '../correlate/share/formats.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { type CommandDeps, exitCodeOf, oneOf, parsedFlags, UsageProblem } from './command.ts';
import { type IncidentHead, renderList } from './incident/list.ts';
import { type Incidents, incidentsOfApi, incidentsOfStore } from './incident/sources.ts';
import { fromSource, SOURCE_FLAGS, SOURCE_USAGE } from './source.ts';

const COMMANDS = ['list', 'show'];

const USAGE = `go-sre-collector incident list [flags]: the incidents, newest first
go-sre-collector incident show ID [flags]: one incident, to read or to share

  --format FORMAT         of show: ${INCIDENT_FORMAT_NAMES.join(', ')} (default text); of list: text, json
${SOURCE_USAGE}
  --help

ID may be \`latest\`. The HTML is one file with its charts, waterfall and log lines: … show ID --format html > incident.html
Exit codes: 0 done, 1 failed or not found, 2 usage.
`;

const OPTIONS = {
  format: { type: 'string' },
  ...SOURCE_FLAGS,
  help: { type: 'boolean', short: 'h' },
} as const;

/** `go-sre-collector incident …`; resolves to the exit code: 0 done, 1 failed or not found, 2 usage. */
export async function runIncident(argv: readonly string[], deps: CommandDeps): Promise<number> {
  return exitCodeOf('incident', deps, async () => {
    const { values, positionals } = parsedFlags(argv, OPTIONS, true);
    if (values.help || positionals.length === 0) {
      deps.output.write(USAGE);
      return values.help ? 0 : 2;
    }
    const run = commandOf(positionals, values.format);
    const text = await fromSource(values, deps, {
      api: (api) => run(incidentsOfApi(api)),
      store: (store) => run(incidentsOfStore(store)),
    });
    deps.output.write(text);
    return 0;
  });
}

/** What is to be written, once it is known where the incidents are. */
function commandOf(
  words: readonly string[],
  format: string | undefined,
): (incidents: Incidents) => Promise<string> {
  const [name = '', id, ...more] = words;
  if (name === 'list' && id === undefined) return list(oneOf('format', format, ['text', 'json']));
  if (name === 'show' && id !== undefined && more.length === 0)
    return show(id, oneOf('format', format, INCIDENT_FORMAT_NAMES));
  if (name === 'list') throw new UsageProblem(`list takes no ${id}`);
  if (name === 'show') throw new UsageProblem('show takes one ID; list tells them');
  const near = nearest(name, COMMANDS);
  throw new UsageProblem(`there is no command ${name}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
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
