import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { command } from '../command.ts';
import type { Disk } from '../disk.ts';
import { usage } from '../errors.ts';
import { importName } from '../go/package.ts';
import { withGoParser } from '../go/syntax.ts';
import { unifiedDiff } from '../merge/unified-diff.ts';
import { routeFolder } from '../package.ts';
import { planRendering } from '../slo/render.ts';
import { type FileChange, writeFiles } from '../write-files.ts';
import type { RouteRequest } from './line.ts';
import { patternText, readPattern } from './pattern.ts';
import { planRoute, type RoutePlan, type ServiceSources } from './plan.ts';
import { type PromiseFlags, readObjective, readSampling } from './promise.ts';
import { type RouteReport, reportText } from './report.ts';
import { readGoFiles, readServerFolder } from './server-folder.ts';

/** `go-sre route add`. */
export const routeAdd = command({
  name: 'route add',
  takes: 'METHOD PATTERN',
  summary: 'Adds a route: its handler, a test, its line in the table, its objectives in slo.json and ops/.',
  details: `
  go-sre route add POST /refund --objective 99.95% --threshold 500ms
  go-sre route add GET '/orders/{id}/items' --sample 0.2

PATTERN is a path of http.ServeMux: {id} takes one part of the path, {rest...} the rest, {$} ends it at a slash.
The handler answers 501 until you write it. Of your files only the one with the table of routes changes, and of that
not a byte but the new line. Where the table cannot be found, the rest is written, the line is printed, and the exit
code is 3.`,
  flags: {
    objective: {
      type: 'string',
      value: 'RATIO',
      does: 'share of requests without a failure: 0.999, 99.9% (default: 0.999) or none',
    },
    latency: {
      type: 'string',
      value: 'RATIO',
      does: 'share of requests within the threshold (default: 0.99) or none',
    },
    threshold: { type: 'string', value: 'DURATION', does: 'such as 250ms (the default) or 1.5s' },
    sample: {
      type: 'string',
      value: 'RATIO',
      does: 'share of traces stored: 0 to 1, always or default (default: always below /payment/)',
    },
    handler: {
      type: 'string',
      value: 'NAME',
      does: "name of the handler's function (default: from the route)",
    },
    dir: { type: 'string', value: 'DIR', does: 'folder of the service (default: the current one)' },
    'dry-run': { type: 'boolean', does: 'tell everything, write nothing' },
    diff: { type: 'boolean', does: 'print the changes as git apply takes them' },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    const request = readRequest(values, positionals);
    const dir = resolve(deps.cwd, values.dir ?? '.');
    const service = await readService(dir, deps.disk);
    const plan = await withGoParser((parse) => planRoute(request, service, parse));
    const { files, opsLeft } = await allFiles(dir, plan, service, deps.disk);
    const dryRun = values['dry-run'] === true;
    const report: RouteReport = {
      dir,
      route: patternText(request.route),
      handler: plan.handler,
      written: !dryRun,
      files: files.map(({ path, before }) => ({ path, state: before === undefined ? 'new' : 'changed' })),
      place: plan.place,
      entry: plan.entry,
      left: stepsLeft(plan, opsLeft, service),
      warnings: warningsOf(request, service),
      ...(values.diff && { diff: files.map(asDiff).join('') }),
    };
    if (!dryRun) await writeFiles(dir, files, deps.disk);
    for (const warning of report.warnings) deps.stderr.write(`go-sre: ${warning}\n`);
    deps.stdout.write(values.json ? `${JSON.stringify(report)}\n` : reportText(report, request));
    return report.left.length > 0 ? 3 : 0;
  },
});

function readRequest(
  values: PromiseFlags & { handler?: string },
  positionals: readonly string[],
): RouteRequest {
  const [method, path, ...more] = positionals.length === 1 ? positionals[0]!.split(/\s+/) : positionals;
  if (method === undefined || path === undefined) {
    throw usage(
      `${method === undefined ? 'METHOD and PATTERN are' : 'PATTERN is'} missing. Try: go-sre route add POST /refund`,
    );
  }
  if (more.length > 0) throw usage(`One METHOD and one PATTERN are expected, "${more[0]}" is more.`);
  const route = readPattern(method, path);
  return {
    route,
    objective: readObjective(values),
    sampling: readSampling(values.sample, route),
    ...(values.handler !== undefined && { handler: values.handler }),
  };
}

/** Reads what the route is planned from. */
async function readService(dir: string, disk: Disk): Promise<ServiceSources> {
  const folder = await readServerFolder(dir, disk);
  const source = (name: string) => readFileSync(join(routeFolder, name), 'utf8');
  return {
    ...folder,
    telemetry: await findTelemetry(dir, folder.module, folder.server, disk),
    sources: { handler: source('handler.go'), test: source('handler_test.go') },
  };
}

/** The package of the module that has TraceIDs, wherever it lies now: one of those that internal/server imports. */
async function findTelemetry(
  dir: string,
  module: string,
  server: ReadonlyMap<string, Buffer>,
  disk: Disk,
): Promise<string | undefined> {
  const texts = [...server.values()].map(String);
  const imported = texts.flatMap((text) => [...text.matchAll(/^(?:import )?\s*"([^"\n]+)"/gm)]);
  const paths = new Set(imported.map(([, path]) => path!).filter((path) => path.startsWith(`${module}/`)));
  for (const path of paths) {
    const files = await readGoFiles(join(dir, path.slice(module.length + 1)), disk);
    const named = new RegExp(`^package ${importName(path)}$[\\s\\S]*^func TraceIDs\\(`, 'm');
    if ([...(files?.values() ?? [])].some((bytes) => named.test(String(bytes)))) return path;
  }
  return undefined;
}

/** The planned files with slo.json and, where it followed from slo.json before, ops/. */
async function allFiles(
  dir: string,
  { files, sloJson, sloLeft }: RoutePlan,
  service: ServiceSources,
  disk: Disk,
): Promise<{ files: readonly FileChange[]; opsLeft: boolean }> {
  if (sloJson === undefined) return { files, opsLeft: sloLeft !== undefined };
  const slo = { path: 'slo.json', before: Buffer.from(service.sloJson!), after: Buffer.from(sloJson) };
  const before = await planRendering(dir, disk);
  const states = new Set(before.files.map(({ state }) => state));
  if (states.has('changed') || states.size > 1) return { files: [...files, slo], opsLeft: true };
  if (!states.has('unchanged')) return { files: [...files, slo], opsLeft: false }; // rendered elsewhere, or never
  const { changes } = await planRendering(dir, disk, sloJson);
  return { files: [...files, slo, ...changes], opsLeft: false };
}

/** A threshold that no answer can exceed promises nothing: the server's own bound cuts the request off before. */
function warningsOf({ route, objective }: RouteRequest, { server }: ServiceSources): string[] {
  const texts = [...server.values()].map(String);
  const bounds = texts.flatMap(
    (text) => /\brequestTimeout\s*=\s*(\d+) \* time\.Second/.exec(text)?.[1] ?? [],
  );
  const seconds = Number(bounds[0] ?? Number.NaN);
  const threshold = (objective.latency?.thresholdNanos ?? 0) / 1e9;
  if (!(threshold > seconds)) return [];
  return [
    `the threshold of ${patternText(route)}, ${threshold} s, exceeds the server's requestTimeout of ${seconds} s: every request is answered or cut off before it. Give a shorter --threshold, or raise requestTimeout.`,
  ];
}

/** What the user has to do, each as a sentence with the exact text or command. */
function stepsLeft(plan: RoutePlan, opsLeft: boolean, service: ServiceSources): string[] {
  const { place, entry, imports, sloLeft, tested, handler } = plan;
  const steps: string[] = [];
  if ('reason' in place) {
    const where =
      place.where.length === 0 ? '' : ` It is probably at internal/server/${place.where.join(' or ')}.`;
    const needs = `The line needs the imports ${imports.join(', ')}.`;
    steps.push(
      `add the line below to the table of routes; it was not added, because ${place.reason}.${where} ${needs}\n${entry}`,
    );
  }
  if (!tested) {
    steps.push(
      `write a test of ${handler}; none was written, because New or newTelemetry is not what it was when the service was made`,
    );
  }
  if (sloLeft !== undefined) {
    steps.push(
      `print the objectives anew; slo.json was left as it is, because ${sloLeft}\n${printCommand(service)}`,
    );
  }
  if (opsLeft) steps.push(`render ops/ from it\nnpx -y -p create-go-sre-service go-sre slo render`);
  return steps;
}

/** The command that the service's own test tells for a stale slo.json. */
function printCommand({ server }: ServiceSources): string {
  const texts = [...server.values()].map(String);
  const told = texts.flatMap(
    (text) => /go run (?:-tags \S+ )?\.\/cmd\/\S+ slo > slo\.json/.exec(text)?.[0] ?? [],
  );
  return told[0] ?? 'go run ./cmd/NAME slo > slo.json   # NAME is the folder in cmd/';
}

function asDiff({ path, before, after }: FileChange): string {
  const file = (bytes: Uint8Array) => ({ bytes, mode: 0o644 });
  return unifiedDiff({ path, before: before === undefined ? undefined : file(before), after: file(after) });
}
