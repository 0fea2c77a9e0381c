// The two services of the faults: emitted by the real generator, with a few files that their owner added.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { emitService, plainAnswers, tagsOf } from '../../test/helpers/emitted-service.ts';
import type { BenchDeps } from '../bench.ts';
import { runCommand } from '../processes.ts';
import { goBuild } from '../service.ts';

const here = import.meta.dirname;
const root = join(here, '../..');

/** What is emitted, and what its owner added. `answers` of the create command, `routes` of `go-sre route add`. */
const EMITTED = {
  shop: {
    with: ['http-client', 'redis'],
    route: ['GET', '/invoices/{customer}', 'getInvoice'],
    files: ['faults.go', 'resolver.go', 'invoices.go'],
  },
  shipping: {
    with: ['postgres'],
    route: ['GET', '/quotes/{zip}', 'getQuote'],
    files: ['faults.go', 'quotes.go'],
  },
} as const;

export type ServiceName = keyof typeof EMITTED;
const SERVICE_NAMES = Object.keys(EMITTED) as ServiceName[];

/** The version that runs before a fault, and the one that a deploy brings. */
export const VERSIONS = ['1.4.0', '1.5.0'] as const;
type Version = (typeof VERSIONS)[number];

/** Path of the binary of each service and version. */
export type Binaries = Record<ServiceName, Record<Version, string>>;

/** Emits and builds both services in the bench's folder; Go's own cache, keyed by content, makes it quick. */
export async function buildServices(deps: BenchDeps): Promise<Binaries> {
  const built = await Promise.all(SERVICE_NAMES.map(async (name) => [name, await build(name, deps)]));
  return Object.fromEntries(built) as Binaries;
}

async function build(name: ServiceName, deps: BenchDeps): Promise<Record<Version, string>> {
  const { with: options, route, files } = EMITTED[name];
  const folder = join(deps.folder, 'emitted', name);
  const answers = { ...plainAnswers, name, with: [...options] };
  await emitService(answers, folder);
  const [method, pattern, handler] = route;
  const add = ['scaffold/src/go-sre.ts', 'route', 'add', method, pattern, '--handler', handler];
  const run = { command: process.execPath, cwd: root, env: deps.env, signal: deps.signal };
  await runCommand({ ...run, args: [...add, '--dir', folder] });
  for (const file of files) copyFileSync(join(here, 'service', file), join(folder, 'internal/server', file));
  const outputs: [Version, string][] = [];
  for (const version of VERSIONS) {
    const output = join(folder, 'bin', `${name}-${version}`);
    const ldflags = `-X main.version=${version} -X main.revision=unknown`;
    await goBuild({ folder, package: `./cmd/${name}`, output, tags: tagsOf(answers), ldflags }, deps);
    outputs.push([version, output]);
  }
  return Object.fromEntries(outputs) as Record<Version, string>;
}
