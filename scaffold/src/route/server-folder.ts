import { join } from 'node:path';
import { type Disk, ifThere, readIfThere } from '../disk.ts';
import { failed } from '../errors.ts';
import { modulePathIn } from '../module-path.ts';

/** What the table of routes is found in. */
export type ServerFolder = {
  module: string;
  /** The Go files in internal/server by name, and the names of everything else there. */
  server: ReadonlyMap<string, Uint8Array>;
  sloJson: string | undefined;
};

/**
 * Reads internal/server of the service in `dir`.
 * @throws CliError (exit code 1) when there is no service
 */
export async function readServerFolder(
  dir: string,
  disk: Disk,
): Promise<ServerFolder & { server: ReadonlyMap<string, Buffer> }> {
  const server = await readGoFiles(join(dir, 'internal/server'), disk);
  const goMod = await readIfThere(join(dir, 'go.mod'), disk);
  const module = modulePathIn(String(goMod ?? ''));
  if (server === undefined || module === undefined) {
    const missing = server === undefined ? 'internal/server' : 'go.mod with a module path';
    throw failed(
      `There is no ${missing} in ${dir}. Run this in the folder of a service, or name it with --dir.`,
    );
  }
  const sloJson = (await readIfThere(join(dir, 'slo.json'), disk))?.toString();
  return { module, server, sloJson };
}

/** A Go file larger than this was generated, and no table stands in it. */
const maxFileBytes = 1_000_000;

/** The folder's files by name; those that are not read are empty. Undefined where there is no folder. */
export async function readGoFiles(
  folder: string,
  disk: Disk,
): Promise<ReadonlyMap<string, Buffer> | undefined> {
  const entries = await ifThere(folder, disk.readdir(folder, { withFileTypes: true }));
  if (entries === undefined) return undefined;
  const files = new Map<string, Buffer>();
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    const reads = name.endsWith('.go') && !entry.isDirectory();
    const bytes = reads ? await readIfThere(join(folder, name), disk) : undefined;
    files.set(name, bytes === undefined || bytes.length > maxFileBytes ? Buffer.alloc(0) : bytes);
  }
  return files;
}
