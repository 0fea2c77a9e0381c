import { resolve } from 'node:path';
import { readSpecs } from '../../../slo/import/read.ts';
import { diffServices, formatFileProblems, type Service } from '../../../slo/index.ts';
import { command, type GoSreDeps } from '../command.ts';
import { readIfThere } from '../disk.ts';
import { failed, usage } from '../errors.ts';
import { diffText } from './diff-text.ts';

const defaultRpm = 60;
const maxRpm = 100_000_000;

/** `go-sre slo diff`. */
export const sloDiff = command({
  name: 'slo diff',
  takes: 'OLD NEW',
  summary:
    'Explains a change of objectives: events and minutes of budget, history that stays valid, alerts that come and go.',
  details: `
OLD and NEW are files in any format that slo render reads. To compare with what is committed:
git show HEAD:slo.json > /tmp/old.json`,
  flags: {
    rpm: {
      type: 'string',
      value: 'N',
      does: `requests a minute, for the events that a budget allows (default: ${defaultRpm})`,
    },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    const [before, after, more] = positionals;
    if (before === undefined || after === undefined || more !== undefined) {
      throw usage(
        `slo diff takes two files, OLD and NEW; ${positionals.length} ${positionals.length === 1 ? 'is' : 'are'} named.`,
      );
    }
    const rpm = rpmOf(values.rpm);
    const changes = diffServices(await readServices(before, deps), await readServices(after, deps));
    deps.stdout.write(
      values.json ? `${JSON.stringify({ rpm, services: changes })}\n` : diffText(changes, rpm),
    );
    return 0;
  },
});

function rpmOf(text: string | undefined): number {
  if (text === undefined) return defaultRpm;
  const rpm = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (rpm > 0 && rpm <= maxRpm) return rpm;
  throw usage(
    `--rpm ${text}: it takes requests a minute, a number above 0 and up to ${maxRpm}, like 60 or 0.5.`,
  );
}

async function readServices(name: string, deps: GoSreDeps): Promise<readonly Service[]> {
  const file = resolve(deps.cwd, name);
  const text = (await readIfThere(file, deps.disk))?.toString();
  if (text === undefined) throw failed(`There is no ${file}.`);
  const { services, problems, warnings } = readSpecs(text, name);
  if (problems.length > 0) throw failed(`The objectives are not right.\n${formatFileProblems(problems)}`);
  for (const warning of warnings) deps.stderr.write(`go-sre: ${warning}\n`);
  return services;
}
