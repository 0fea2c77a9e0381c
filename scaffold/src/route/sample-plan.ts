import type { AdvisedService, SamplingAdvice } from '../../../slo/index.ts';
import { failed } from '../errors.ts';
import { declaredNames, type GoPackage, importsOf, valuesAt } from '../go/package.ts';
import { importInsertion } from '../go/splice.ts';
import { type GoNode, lineOf, type ParseGo, within } from '../go/syntax.ts';
import type { FileChange } from '../write-files.ts';
import { type AdvisedEntry, joinAdvice } from './advised-entries.ts';
import { type Edit, edited, lineAfter } from './edits.ts';
import { cellOf, text } from './entry.ts';
import { folder } from './line.ts';
import { packageOf } from './plan.ts';
import { readSamplingExpression, samplingExpression } from './sampling-expression.ts';
import type { ServerFolder } from './server-folder.ts';
import { findTable, type NoTable, type RouteTable } from './table.ts';

/** One route of the table whose sampling changes. */
type SampledRoute = { route: string; line: number; before: string; after: string; because: string };

/** A route that keeps the sampling it has, and why. */
type KeptRoute = { route: string; sampling: string; why: string };

/** What `go-sre route sample` does. */
export type SamplePlan = {
  service: string;
  routes: readonly SampledRoute[];
  kept: readonly KeptRoute[];
  /** The table's file; undefined when nothing of it changes, or something is left to the user. */
  change: FileChange | undefined;
  /** What the user has to do, each a sentence; then nothing is written. */
  left: readonly string[];
};

/** What the command was told beside the report. */
export type SampleChoices = {
  /** The name under which the service reports, where that is not its own. */
  reportsAs?: string;
  /** Change routes that store every trace on purpose too. */
  replaceAlways: boolean;
};

/**
 * Plans what a report advises into the table of routes. Pure.
 * @throws CliError (exit code 1) when the report is another service's, or advises a route that the table has not
 */
export function planSampling(
  advised: AdvisedService,
  service: ServerFolder,
  choices: SampleChoices,
  parse: ParseGo,
): SamplePlan {
  const pkg = packageOf(service, parse);
  const own = choices.reportsAs ?? serviceName(pkg, service.sloJson);
  if (own === undefined) {
    return leaving(advised, 'the name of the service could not be read; give it with --service', []);
  }
  if (own !== advised.service) {
    throw failed(
      `The report is about ${advised.service}, this service is ${own}. Nothing was written. Where it reports under that name, give --service ${advised.service}.`,
    );
  }
  const { table } = findTable(pkg);
  if (!('file' in table)) return leaving(advised, table.reason, table.where);
  const written = service.server.get(table.file.name)!;
  if (Buffer.compare(Buffer.from(table.file.text), written) !== 0) {
    return leaving(advised, `${table.file.name} is not UTF-8`, []);
  }
  return intoCells(table, advised, choices, pkg);
}

/** Nothing is sure: everything is told and left. */
function leaving(
  { service, recommendations }: AdvisedService,
  reason: string,
  where: NoTable['where'],
): SamplePlan {
  const place = where.length === 0 ? '' : ` It is probably at ${folder}/${where.join(' or ')}.`;
  const lines = recommendations.map((one) => `${nameOf(one)}: ${written(one)}`);
  const step = `write the sampling of each route; nothing was written, because ${reason}.${place}`;
  return { service, routes: [], kept: [], change: undefined, left: [[step, ...lines].join('\n')] };
}

function intoCells(
  table: RouteTable,
  advised: AdvisedService,
  choices: SampleChoices,
  pkg: GoPackage,
): SamplePlan {
  const { entries, unknown } = joinAdvice(table.routes, advised.recommendations);
  if (unknown.length > 0 && table.complete) throw unknownRoutes(unknown, table);
  const left = unknown.map(
    (one) =>
      `find ${nameOf(one)} in the table and write ${written(one)}; what stands at ${folder}/${table.unread} cannot be read`,
  );
  const time = timePackage(table, pkg);
  const packages = new Set(importsOf(table.file).map(({ name }) => name));
  const outcomes = entries.map((entry) => outcomeOf(entry, table, { choices, packages, time: time.name }));
  const found = outcomes.flatMap((one) => one.found ?? []);
  left.push(...outcomes.flatMap((one) => one.left ?? []));
  const needsTime = found.some(({ edit }) => edit.text.includes('KeepSlow'));
  const edits = [...(needsTime && time.import ? [time.import] : []), ...found.map(({ edit }) => edit)];
  const { name, text: before } = table.file;
  const routes = found.map(({ edit, route }) => ({ ...route, line: lineAfter(before, edit.from, edits) }));
  const change = {
    path: `${folder}/${name}`,
    before: Buffer.from(before),
    after: Buffer.from(edited(before, edits)),
  };
  const isSure = left.length === 0 && edits.length > 0;
  return {
    ...{ service: advised.service, routes, kept: outcomes.flatMap((one) => one.kept ?? []), left },
    change: isSure ? change : undefined,
  };
}

/** What becomes of one route: exactly one of these. */
type Outcome = {
  found?: { edit: Edit; route: Omit<SampledRoute, 'line'> };
  kept?: KeptRoute;
  left?: string;
};

function outcomeOf(
  { position, pattern, advice }: AdvisedEntry,
  table: RouteTable,
  to: { choices: SampleChoices; packages: ReadonlySet<string>; time: string | undefined },
): Outcome {
  const cell = cellOf(table.bodies[position]!, table.fields, 'Sampling');
  const keeps = (why: string) => ({ kept: { route: pattern, sampling: cell?.text ?? '', why } });
  if (advice === undefined) return keeps('the report does not have it');
  const before = cell && readSamplingExpression(cell, to.packages);
  if (cell === undefined || before === undefined) return { left: unsure(pattern, cell, advice, table) };
  if (before.base === 'Always' && !to.choices.replaceAlways)
    return keeps('it stores every trace on purpose; --replace-always changes it too');
  if (advice.keepSlowSeconds !== null && to.time === undefined) {
    const why = `the name time means something else in ${table.file.name}`;
    return { left: `write ${written(advice)} for ${pattern}; ${why}` };
  }
  const after = samplingExpression(advice, before, to.time ?? '');
  if (after === cell.text) return keeps('it is what the report advises');
  const edit = { from: cell.startIndex, to: cell.endIndex, text: after };
  return { found: { edit, route: { route: pattern, before: cell.text, after, because: advice.because } } };
}

function unknownRoutes(unknown: readonly SamplingAdvice[], { routes }: RouteTable) {
  const names = unknown.map(nameOf).join(', ');
  const known = routes.flatMap(({ pattern }) => pattern ?? []).join(', ');
  return failed(
    `The table of routes has no ${names}; it has ${known}. Nothing was written. Take ${unknown.length > 1 ? 'them' : 'it'} out of the report where the route was removed, or make a report of the version that this is.`,
  );
}

function unsure(
  pattern: string,
  cell: GoNode | undefined,
  advice: SamplingAdvice,
  { file }: RouteTable,
): string {
  if (cell === undefined) return `add the sampling of ${pattern}, which has none: ${written(advice)}`;
  return `write ${written(advice)} for ${pattern} at ${folder}/${file.name}:${lineOf(cell)}; its sampling is ${cell.text}, which may be meant for other routes too`;
}

/** The expression as the table had it when the service was new. */
function written(advice: SamplingAdvice): string {
  return samplingExpression(advice, { qualifier: 'telemetry.', ignoresParent: false }, 'time.');
}

function nameOf({ method, route }: Pick<SamplingAdvice, 'method' | 'route'>): string {
  return `${method} ${route}`.trim();
}

/** How the table's file calls package time, with its dot; without a name when it is taken, with its import when it is not there. */
function timePackage(
  { file, scope }: RouteTable,
  pkg: GoPackage,
): { name: string | undefined; import?: Edit } {
  const imports = importsOf(file);
  const there = imports.find(({ path, name }) => path === 'time' && name !== '_');
  if (there !== undefined) return { name: there.name === '.' ? '' : `${there.name}.` };
  const isTaken =
    declaredNames(pkg).has('time') || [...imports, ...scope].some(({ name }) => name === 'time');
  if (isTaken) return { name: undefined };
  const { at, text: inserted } = importInsertion(file, 'time', pkg.module);
  return { name: 'time.', import: { from: at, to: at, text: inserted } };
}

/** The name that the service's literal says, else that of slo.json. */
function serviceName(pkg: GoPackage, sloJson: string | undefined): string | undefined {
  for (const { root } of pkg.files) {
    for (const literal of within(root, 'composite_literal')) {
      if (!/^(?:\w+\.)?Service$/.test(literal.childForFieldName('type')?.text ?? '')) continue;
      const name = within(literal, 'keyed_element').find(
        (element) => element.childForFieldName('key')?.text === 'Name',
      );
      const value = name?.childForFieldName('value');
      const found = value ? text(value, valuesAt(literal, pkg)) : undefined;
      if (found !== undefined) return found;
    }
  }
  return /"service":\s*"([^"\\]+)"/.exec(sloJson ?? '')?.[1];
}
