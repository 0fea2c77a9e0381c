import { resolve } from 'node:path';
import { countsTime, nearest, type Service, type Slo } from '../../../slo/index.ts';
import { command } from '../command.ts';
import { usage } from '../errors.ts';
import { measuredTraffic } from './measured-traffic.ts';
import { simulateAlerts } from './simulate-report.ts';
import { simulationText } from './simulate-text.ts';
import { readObjectives } from './specs.ts';

/** More requests a minute than any service of one name gets. */
const maxRpm = 100_000_000;

/** `go-sre slo simulate`. */
export const sloSimulate = command({
  name: 'slo simulate',
  summary:
    'Shows what the alerts of each objective would see at its traffic, and how soon, before they are applied.',
  details: `
For each objective: when four failures page, when their page ends, the shortest total outage that pages and
that opens a ticket, and the false pages of a healthy year. Where too few requests come, it says what helps.
The traffic is even; nothing is asked of any server.`,
  flags: {
    dir: { type: 'string', value: 'DIR', does: 'folder of the service (default: the current one)' },
    slo: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      does: 'further objectives, as slo render takes them',
    },
    rpm: {
      type: 'string',
      multiple: true,
      value: 'N|ID=N',
      does: 'requests a minute, of every objective or of one by its id; may be given several times',
    },
    'from-export': {
      type: 'string',
      value: 'FILE',
      does: 'takes the traffic from an export, as slo backtest reads it; --rpm goes before it',
    },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`slo simulate takes flags only, ${positionals[0]} is none.`);
    const service = await readObjectives(values, deps);
    const file = values['from-export'];
    const measured =
      file === undefined
        ? new Map<string, number>()
        : await measuredTraffic(service, resolve(deps.cwd, file), deps.disk);
    const rpmOf = trafficOf(service, values.rpm ?? [], measured);
    const report = simulateAlerts(service, rpmOf);
    deps.stdout.write(values.json ? `${JSON.stringify(report)}\n` : simulationText(report));
    return 0;
  },
});

/**
 * Reads `--rpm`: one number for all objectives, and others by id; what they do not tell, `measured` does.
 * @throws CliError (exit code 2) when a word is wrong, or an objective has no number
 */
function trafficOf(
  service: Service,
  words: readonly string[],
  measured: ReadonlyMap<string, number>,
): (slo: Slo) => number {
  const named = new Map<string, number>();
  let all: number | undefined;
  for (const word of words) {
    const at = word.lastIndexOf('=');
    const rpm = rpmOf(word, word.slice(at + 1));
    if (at < 0) all = rpm;
    else named.set(knownId(service, word.slice(0, at)), rpm);
  }
  const rpmOfId = (id: string) => named.get(id) ?? all ?? measured.get(id);
  const without = service.slos.find((slo) => !countsTime(slo.sli) && rpmOfId(slo.id) === undefined);
  if (without === undefined) return ({ id }) => rpmOfId(id) ?? 0;
  const { id } = without;
  throw usage(`How many requests a minute ${id} gets is not known. Say --rpm 60 for all, or --rpm ${id}=60.`);
}

function rpmOf(word: string, text: string): number {
  const rpm = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (rpm > 0 && rpm <= maxRpm) return rpm;
  throw usage(
    `--rpm ${word}: it takes requests a minute, a number above 0 and up to ${maxRpm}, like 60 or 0.5.`,
  );
}

function knownId(service: Service, id: string): string {
  const ids = service.slos.map((slo) => slo.id);
  if (ids.includes(id)) return id;
  const near = nearest(id, ids);
  throw usage(`--rpm: there is no objective ${id}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
}
