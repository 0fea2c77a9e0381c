// How large are the binary and the image of an emitted service, and what does each option add?
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imagesOf, provideImages } from '../test/helpers/base-images.ts';
import { type Engine, engineProblem, startEngine, tidy } from '../test/helpers/docker-engine.ts';
import { tool } from '../test/helpers/tools.ts';
import type { Bench, BenchDeps } from './bench.ts';
import { runCommand } from './processes.ts';
import { cell, type Table } from './report.ts';
import {
  buildService,
  type Choice,
  emitService,
  goBuild,
  missingOptions,
  releaseFlags,
  serviceName,
} from './service.ts';

/** The services that are built, in the order of the table. */
const choices = {
  default: {},
  gin: { router: 'gin' },
  redis: { with: ['redis'] },
  postgres: { with: ['postgres'] },
  'http-client': { with: ['http-client'] },
  'all clients': { with: ['redis', 'postgres', 'http-client'] },
  'all clients on gin': { with: ['redis', 'postgres', 'http-client'], router: 'gin' },
} as const satisfies Record<string, Choice>;

type ChoiceName = keyof typeof choices;

/** Images of the same API before there was an emitted service: single-stage, multi-stage, with observability. */
const earlierImagesMB: readonly [string, number][] = [
  ['earlier: single-stage Dockerfile', 115],
  ['earlier: multi-stage Dockerfile', 23],
  ['earlier: multi-stage, with observability', 24.1],
];

interface Built {
  folder: string;
  megabytes: number;
  /** The linker kept every exported method, because something reflects on methods by name. */
  keepsMethods: boolean;
}

async function build(name: ChoiceName, deps: BenchDeps): Promise<Built> {
  const folder = join(deps.folder, name.replaceAll(' ', '-'));
  const service = await emitService(folder, choices[name]);
  const output = `${folder}.bin`;
  await buildService(service, output, deps);
  const dump = {
    ...service,
    package: `./cmd/${serviceName}`,
    output: `${output}-dumped`,
    ldflags: `${releaseFlags} -dumpdep`,
  };
  const edges = await goBuild(dump, deps, { GOOS: 'linux', GOARCH: 'amd64' });
  return { folder, megabytes: statSync(output).size / 1e6, keepsMethods: edges.includes('<ReflectMethod>') };
}

interface Image {
  megabytes: number;
  note: string;
}

/** Builds the emitted Dockerfile by Docker Compose and asks the engine how large the image is. */
async function measureImage(
  engine: Engine,
  compose: string,
  folder: string,
  deps: BenchDeps,
): Promise<Image> {
  for (const line of provideImages(engine, imagesOf(readFileSync(join(folder, 'Dockerfile'), 'utf8')))) {
    deps.tell(line);
  }
  const run = (command: string, ...args: string[]) =>
    runCommand({ command, args, env: engine.env, signal: deps.signal });
  const tag = `go-sre-bench:${process.pid}`;
  const file = join(deps.folder, 'image.compose.json'); // YAML is a superset of JSON
  writeFileSync(file, JSON.stringify({ services: { [serviceName]: { build: folder, image: tag } } }));
  await run(compose, '--file', file, '--project-name', `go-sre-bench-${process.pid}`, 'build');
  try {
    const { stdout } = await run('docker', 'image', 'inspect', '--format', '{{.Size}}', tag);
    return {
      megabytes: Number(stdout) / 1e6,
      note: 'imageMB is the size that `docker image inspect` tells.',
    };
  } finally {
    await run('docker', 'image', 'rm', '--force', tag).catch(() => undefined);
  }
}

/** What the last stage of the Dockerfile copies: the binary and the CA bundle, here this machine's. */
function estimateImage(binaryMB: number, why: string): Image {
  const bundle = '/etc/ssl/certs/ca-certificates.crt';
  const megabytes = binaryMB + statSync(bundle).size / 1e6;
  return {
    megabytes,
    note: `imageMB is an estimate, because ${why}: the sum of what the Dockerfile copies, the binary and ${bundle}.`,
  };
}

async function image(built: Built, deps: BenchDeps): Promise<Image> {
  let problem = engineProblem(deps.env);
  const skip = (reason?: string) => {
    problem ??= reason;
  };
  const compose = tool({ skip }, 'docker-compose');
  if (problem !== undefined || compose === undefined) return estimateImage(built.megabytes, problem ?? '');
  let engine: Engine;
  try {
    engine = await startEngine(deps.env);
  } catch (error) {
    return estimateImage(built.megabytes, error instanceof Error ? error.message : String(error));
  }
  try {
    deps.tell('building the image');
    return await measureImage(engine, compose, built.folder, deps);
  } finally {
    tidy(engine);
    await engine.stop();
  }
}

function sizeTable(built: ReadonlyMap<ChoiceName, Built>, imageMB: number): Table {
  const base = built.get('default')?.megabytes ?? 0;
  const rows = [...built].map(([name, { megabytes, keepsMethods }]) => {
    const more = name === 'default' ? '' : `+${cell(megabytes - base)}`;
    return [name, cell(megabytes), more, keepsMethods ? 'all kept' : 'eliminated'];
  });
  const images = [['image of the default', imageMB] as const, ...earlierImagesMB];
  return {
    head: ['MB (10^6 bytes)', 'size', 'to default', 'unused methods'],
    rows: [...rows, ...images.map(([name, megabytes]) => [name, cell(megabytes), '', ''])],
  };
}

export const serviceSize: Bench<'service-size'> = {
  question: 'how large binary and image of an emitted service are, and what each option adds',
  async run(deps) {
    const built = new Map<ChoiceName, Built>();
    const notes: string[] = [];
    for (const name of Object.keys(choices) as ChoiceName[]) {
      const missing = missingOptions(choices[name]);
      if (missing.length > 0) {
        notes.push(`${name} was skipped: the template has no option ${missing.join(', ')}.`);
        continue;
      }
      deps.tell(`emitting and building: ${name}`);
      built.set(name, await build(name, deps));
    }
    const plain = built.get('default')!;
    const { megabytes: imageMB, note } = await image(plain, deps);
    for (const [name, { keepsMethods }] of built) {
      if (keepsMethods)
        notes.push(`${name}: a dependency reflects on methods by name, so the linker keeps all of them.`);
    }
    const figures = {
      binaryMB: plain.megabytes,
      imageMB,
      ginBinaryMB: built.get('gin')?.megabytes ?? null,
      redisBinaryMB: built.get('redis')?.megabytes ?? null,
    };
    return { tables: [sizeTable(built, imageMB)], notes: [note, ...notes], figures };
  },
};
