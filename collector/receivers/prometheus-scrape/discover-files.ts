import { glob, readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { messageOf, type Schedule } from '../receiver.ts';
import { type Discovery, polling } from './discovery.ts';
import type { FoundLabels } from './target-of.ts';

export interface FileDiscovery {
  /** Paths or globs of files as Prometheus's file_sd reads them, JSON or YAML by their ending. */
  files: readonly string[];
  /** Seconds between two looks at whether they changed. */
  refresh: number;
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 1000;

interface ReadFile {
  /** Changes with the file. */
  version: string;
  targets: FoundLabels[];
  problem?: string;
}

/**
 * Targets from files: a list of `{targets: [host:port], labels: {…}}`. A file is read again when it changed; one that
 * cannot be read keeps the targets it had, one that is gone takes them with it.
 * Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config
 */
export function discoverFiles({ files, refresh }: FileDiscovery, schedule: Schedule): Discovery {
  let known = new Map<string, ReadFile>();
  const look = async () => {
    const paths = await matching(files);
    const now = new Map<string, ReadFile>();
    for (const path of paths) now.set(path, await readAgain(path, known.get(path)));
    known = now;
    const all = [...known.values()];
    const problems = all.flatMap(({ problem }) => problem ?? []);
    if (paths.length === 0) problems.push(`no file is named ${files.join(' or ')}`);
    return { targets: all.flatMap(({ targets }) => targets), problems };
  };
  return polling(`files ${files.join(' ')}`, refresh * 1000, look, schedule);
}

async function matching(files: readonly string[]): Promise<string[]> {
  const paths = new Set<string>();
  for await (const path of glob([...files])) {
    if (paths.size < MAX_FILES) paths.add(path);
  }
  return [...paths].sort();
}

async function readAgain(path: string, known: ReadFile | undefined): Promise<ReadFile> {
  const targets = known?.targets ?? [];
  let version = '';
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    version = `${ino} ${size} ${mtimeNs}`;
    if (known?.version === version) return known;
    if (size > MAX_FILE_BYTES) throw new Error(`it is larger than ${MAX_FILE_BYTES} bytes`);
    return { version, targets: targetsOf(await readFile(path, 'utf8'), path) };
  } catch (error) {
    return { version, targets, problem: `${path}: ${messageOf(error).split('\n', 1)[0]}` };
  }
}

/** The targets that a file names. Throws with the place of what is wrong in it. */
export function targetsOf(text: string, path: string): FoundLabels[] {
  const groups: unknown = extname(path) === '.json' ? JSON.parse(text) : parseYaml(text);
  if (groups === null) return [];
  if (!Array.isArray(groups)) throw new Error('it must hold a list of {targets, labels}');
  return groups.flatMap((group: unknown, i) => targetsOfGroup(group, `[${i}]`, path));
}

function targetsOfGroup(group: unknown, at: string, path: string): FoundLabels[] {
  if (!isMapping(group)) throw new Error(`${at} must be a mapping of targets and labels`);
  const unknown = Object.keys(group).find((key) => key !== 'targets' && key !== 'labels');
  if (unknown !== undefined)
    throw new Error(`${at}.${unknown} is not a known key: only targets and labels are`);
  const { targets = [], labels = {} } = group;
  if (!Array.isArray(targets)) throw new Error(`${at}.targets must be a list`);
  if (!isMapping(labels)) throw new Error(`${at}.labels must be a mapping`);
  for (const [name, value] of Object.entries(labels)) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) throw new Error(`${at}.labels.${name} is no label name`);
    if (typeof value !== 'string') throw new Error(`${at}.labels.${name} must be text`);
  }
  return targets.map((target: unknown, i): FoundLabels => {
    if (typeof target !== 'string') throw new Error(`${at}.targets[${i}] must be text`);
    return { ...(labels as Record<string, string>), __address__: target, __meta_filepath: path };
  });
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
