import { dirname, join, normalize } from 'node:path/posix';

/** A room: the files below `path`, or the one file (the longest path wins), and the rooms they may import. */
export interface Room {
  path: string;
  mayImport: readonly string[];
  /** Node's own modules that it may use; all when absent. What does no I/O names none that could. */
  builtins?: readonly string[];
}

const TOP = ['slo', 'images', 'alerts', 'dashboards', 'gitops', 'scaffold', 'collector', 'demo'] as const;
const EVERY_COLLECTOR_ROOM = [
  ...['collector', 'collector/telemetry', 'collector/formats', 'collector/receivers', 'collector/processors'],
  ...[
    'collector/exporters',
    'collector/storage',
    'collector/correlate',
    'collector/api',
    'collector/commands',
  ],
  ...['collector/own', 'collector/slo', 'collector/notify', 'collector/ui'],
];
const GROUND = 'scaffold/src';
const COMMAND = 'scaffold/src/command.ts';
const GO = 'scaffold/src/go';
const MERGE = 'scaffold/src/merge';
const SLO = 'scaffold/src/slo';
const EMIT = 'scaffold/src/emit';
const IMAGE = 'scaffold/src/image';
const DOERS = ['create', 'route', 'update', 'dockerfile', 'check', 'compare', 'pipeline', 'registry'].map(
  (name) => `${GROUND}/${name}`,
);
const ENTRY_POINTS = ['create.ts', 'go-sre.ts', 'go-sre-command.ts'].map((name) => `${GROUND}/${name}`);
const EVERY_GENERATOR_ROOM = [GROUND, COMMAND, GO, MERGE, SLO, EMIT, IMAGE, ...DOERS, ...ENTRY_POINTS];

/**
 * The dependency table: who may import whom, everything else is forbidden. A room always may import itself and
 * packages. Inside the collector telemetry is the ground, then formats, then storage and the siblings that never
 * see each other, then correlate, then slo and notify, then api and commands; main.ts, config.ts, pipeline.ts (the wiring) see all. Inside
 * the generator the files of src/ are the ground, then go, merge, slo, emit, each sees those before it; image reads
 * container images for the commands; the folders of the commands stand on all of these and never see each other; the
 * entry points see all.
 */
export const ROOMS: readonly Room[] = [
  { path: 'slo', mayImport: [], builtins: [] },
  { path: 'images', mayImport: [], builtins: ['node:buffer', 'node:crypto', 'node:zlib'] },
  { path: 'alerts', mayImport: ['slo'], builtins: [] },
  { path: 'dashboards', mayImport: ['slo'], builtins: [] },
  { path: 'gitops', mayImport: ['slo', 'alerts'], builtins: [] },
  { path: 'scaffold', mayImport: [] },
  { path: GROUND, mayImport: ['slo'] },
  { path: GO, mayImport: [GROUND] },
  { path: MERGE, mayImport: [GROUND, GO] },
  { path: SLO, mayImport: ['slo', 'alerts', 'dashboards', 'gitops', GROUND, COMMAND, GO, MERGE] },
  { path: EMIT, mayImport: [GROUND, GO, MERGE, SLO] },
  { path: COMMAND, mayImport: [GROUND, EMIT] }, // the template is among what a command is given
  { path: IMAGE, mayImport: ['images', GROUND, COMMAND] },
  ...DOERS.map((path) => ({
    path,
    mayImport: ['slo', 'images', GROUND, COMMAND, GO, MERGE, SLO, EMIT, IMAGE],
  })),
  ...ENTRY_POINTS.map((path) => ({ path, mayImport: ['slo', ...EVERY_GENERATOR_ROOM] })),
  { path: 'collector', mayImport: ['slo', ...EVERY_COLLECTOR_ROOM] },
  { path: 'collector/telemetry', mayImport: ['slo'], builtins: [] },
  {
    path: 'collector/formats',
    mayImport: ['slo', 'collector/telemetry'],
    builtins: ['node:buffer', 'node:zlib', 'node:util'],
  },
  { path: 'collector/receivers', mayImport: ['slo', 'collector/telemetry', 'collector/formats'] },
  { path: 'collector/processors', mayImport: ['slo', 'collector/telemetry', 'collector/formats'] },
  { path: 'collector/exporters', mayImport: ['slo', 'collector/telemetry', 'collector/formats'] },
  { path: 'collector/storage', mayImport: ['slo', 'collector/telemetry', 'collector/formats'] },
  {
    path: 'collector/own',
    mayImport: ['slo', 'collector/telemetry', 'collector/receivers', 'collector/storage'],
  },
  {
    path: 'collector/correlate',
    mayImport: ['slo', 'collector/telemetry', 'collector/formats', 'collector/storage'],
  },
  {
    path: 'collector/slo',
    mayImport: ['slo', 'collector/telemetry', 'collector/storage', 'collector/correlate'],
  },
  {
    path: 'collector/notify',
    mayImport: ['slo', 'collector/telemetry', 'collector/correlate'],
    builtins: [],
  },
  {
    path: 'collector/api',
    mayImport: [
      'slo',
      'collector/telemetry',
      'collector/formats',
      'collector/storage',
      'collector/correlate',
      'collector/own',
      'collector/slo',
    ],
  },
  {
    path: 'collector/commands',
    mayImport: [
      'slo',
      'collector/telemetry',
      'collector/formats',
      'collector/storage',
      'collector/correlate',
    ],
  },
  { path: 'collector/ui', mayImport: ['collector/api'] },
  { path: 'demo', mayImport: [...TOP, ...EVERY_GENERATOR_ROOM, ...EVERY_COLLECTOR_ROOM] },
  { path: 'bench', mayImport: [...TOP, ...EVERY_GENERATOR_ROOM, ...EVERY_COLLECTOR_ROOM, 'test'] },
  { path: 'test', mayImport: [...TOP, ...EVERY_GENERATOR_ROOM, ...EVERY_COLLECTOR_ROOM, 'bench'] },
];

/** Files of no room: what installs the clone, and what both packages' builds share. */
const ROOT_FILES = ['install.mjs', 'licences.ts'];

/** Files that start other parts (builds, workers) and may therefore import what their room may not. */
function isEntryPoint(file: string): boolean {
  return file.endsWith('-worker.ts') || file.endsWith('/build.ts');
}

function roomOf(file: string): Room | undefined {
  return ROOMS.filter(({ path }) => file === path || file.startsWith(`${path}/`)).sort(
    (a, b) => b.path.length - a.path.length,
  )[0];
}

const SPECIFIER =
  /(?:^|[\s;}])(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]/gm;

/** Everything a source file imports, as it is written. */
function specifiersOf(source: string): string[] {
  return [...source.matchAll(SPECIFIER)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
}

/** The relative imports of a source file, as paths from the root. */
function importsOf(file: string, source: string): string[] {
  const found = specifiersOf(source);
  return found.filter((specifier) => specifier.startsWith('.')).map((s) => normalize(join(dirname(file), s)));
}

/** One sentence per import that the table forbids; `sources` maps paths from the root to their text. */
export function violations(sources: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [file, source] of sources) {
    const room = roomOf(file);
    if (!room && ROOT_FILES.includes(file)) continue;
    if (!room) {
      found.push(`${file} stands in no room of the table`);
      continue;
    }
    if (isEntryPoint(file)) continue;
    for (const builtin of specifiersOf(source).filter((specifier) => specifier.startsWith('node:'))) {
      if (room.builtins && !room.builtins.includes(builtin)) {
        found.push(`${file} imports ${builtin}: ${room.path} does no I/O`);
      }
    }
    for (const target of importsOf(file, source)) {
      const other = roomOf(target);
      if (other && other.path !== room.path && !room.mayImport.includes(other.path)) {
        found.push(`${file} imports ${target}: ${room.path} may not import ${other.path}`);
      }
      if (room.path === 'collector/ui' && other?.path === 'collector/api' && !target.endsWith('/types.ts')) {
        found.push(`${file} imports ${target}: the console may import the types of the API, nothing else`);
      }
    }
  }
  return found;
}

/** Chains of imports that lead back to their start, each once, as `a -> b -> a`. */
export function cycles(sources: ReadonlyMap<string, string>): string[] {
  const edges = new Map(
    [...sources].map(([file, source]) => [file, importsOf(file, withoutTypes(source))] as const),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: string[]) => {
    const at = trail.indexOf(file);
    if (at >= 0) {
      found.push([...trail.slice(at), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of sources.keys()) visit(file, []);
  return found;
}

/** Type imports vanish at run time and cannot make a cycle. */
function withoutTypes(source: string): string {
  return source.replace(/(?:import|export)\s+type\b[^'"`;]*?\bfrom\s*['"][^'"]+['"]/g, '');
}
