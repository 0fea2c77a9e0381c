import { resolve } from 'node:path';
import { type AdvisedService, formatProblems, readSamplingAdvice } from '../../../slo/index.ts';
import { command } from '../command.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { failed, usage } from '../errors.ts';
import { withGoParser } from '../go/syntax.ts';
import { unifiedDiff } from '../merge/unified-diff.ts';
import { type FileChange, writeFiles } from '../write-files.ts';
import { planSampling, type SamplePlan } from './sample-plan.ts';
import { readServerFolder } from './server-folder.ts';

/** Larger than any report: a hundred routes are 100 kB. */
const maxReportBytes = 10_000_000;

/** `go-sre route sample`. */
export const routeSample = command({
  name: 'route sample',
  takes: '--from FILE',
  summary: 'Writes the shares of traces that a sampling report advises into the table of routes.',
  details: `
  go-sre-collector sampling report --service shop --a service.version=1 --b service.version=2 --json > sampling.json
  go-sre route sample --from sampling.json --dry-run

Everything is checked first: the report is this service's, and each route that it advises is in the table. Of your files
only the one with the table changes, and of that only the column Sampling of those routes, and an import of time where it
is needed. Routes that store every trace (telemetry.Always) keep doing so, and what is decided for callers stays as it is.
Where anything is not sure, nothing is written, what to write is printed, and the exit code is 3.`,
  flags: {
    from: { type: 'string', value: 'FILE', does: 'the report, as JSON (go-sre.sampling/v1)' },
    service: {
      type: 'string',
      value: 'NAME',
      does: 'the name it reports under, where that is not its own (OTEL_SERVICE_NAME)',
    },
    'replace-always': { type: 'boolean', does: 'change routes with telemetry.Always too' },
    dir: { type: 'string', value: 'DIR', does: 'folder of the service (default: the current one)' },
    'dry-run': { type: 'boolean', does: 'tell everything, write nothing' },
    diff: { type: 'boolean', does: 'print the changes as git apply takes them' },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`route sample takes flags only, ${positionals[0]} is none.`);
    if (values.from === undefined) throw usage('--from FILE is missing: the report whose advice is written.');
    const dir = resolve(deps.cwd, values.dir ?? '.');
    const advised = await readReport(resolve(deps.cwd, values.from), deps.disk);
    const service = await readServerFolder(dir, deps.disk);
    const choices = {
      replaceAlways: values['replace-always'] === true,
      ...(values.service !== undefined && { reportsAs: values.service }),
    };
    const plan = await withGoParser((parse) => planSampling(advised, service, choices, parse));
    const isDry = values['dry-run'] === true;
    const changes = plan.change === undefined ? [] : [plan.change];
    if (!isDry && changes.length > 0) await writeFiles(dir, changes, deps.disk);
    const written = !isDry && changes.length > 0;
    const diff = values.diff ? changes.map(asDiff).join('') : undefined;
    deps.stdout.write(values.json ? json(dir, plan, written, diff) : text(plan, written, isDry, diff));
    return plan.left.length > 0 ? 3 : 0;
  },
});

async function readReport(path: string, disk: Disk): Promise<AdvisedService> {
  const bytes = await readIfThere(path, disk);
  if (bytes === undefined) throw failed(`There is no ${path}. Nothing was written.`);
  if (bytes.length > maxReportBytes)
    throw failed(`${path} has ${bytes.length} bytes; a sampling report has ${maxReportBytes} at the most.`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw failed(
      `${path} is no JSON: ${why}. Make it with go-sre-collector sampling report --json. Nothing was written.`,
    );
  }
  const { advised, problems } = readSamplingAdvice(value);
  if (advised !== undefined) return advised;
  throw failed(`${formatProblems(path, problems.slice(0, 20))}\nNothing was written.`);
}

function json(dir: string, plan: SamplePlan, written: boolean, diff: string | undefined): string {
  const { service, routes, kept, left, change } = plan;
  const file = change === undefined ? {} : { path: change.path };
  const report = { dir, service, written, ...file, routes, kept, left, ...(diff !== undefined && { diff }) };
  return `${JSON.stringify(report)}\n`;
}

/** The report for a person. */
function text(plan: SamplePlan, written: boolean, isDry: boolean, diff: string | undefined): string {
  const { service, routes, kept, left, change } = plan;
  const lines = [
    `${service}: ${routes.length} of ${routes.length + kept.length} routes are sampled anew.`,
    '',
  ];
  for (const { route, line, before, after, because } of routes) {
    lines.push(
      `${change === undefined ? 'would be' : 'changed'}  ${route}${change === undefined ? '' : `  ${change.path}:${line}`}`,
    );
    lines.push(`         ${before} -> ${after}`, `         ${because}`);
  }
  for (const { route, sampling, why } of kept) lines.push(`kept     ${route}  ${sampling}: ${why}`);
  if (left.length > 0) lines.push('', 'Nothing was written. Left to you:');
  else if (!written) lines.push('', `${isDry ? 'A dry run' : 'Nothing changes'}: nothing was written.`);
  for (const [at, step] of left.entries()) {
    const [sentence = '', ...rest] = step.split('\n');
    lines.push(`  ${at + 1}. ${sentence}`, ...rest.map((line) => `       ${line}`));
  }
  return `${lines.join('\n')}\n${diff === undefined ? '' : `\n${diff}`}`;
}

function asDiff({ path, before, after }: FileChange): string {
  const file = (bytes: Uint8Array) => ({ bytes, mode: 0o644 });
  return unifiedDiff({ path, before: before === undefined ? undefined : file(before), after: file(after) });
}
