// The source of a module from the proxy, in a folder that can be written.
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { BenchDeps } from '../bench.ts';
import { runCommand } from '../processes.ts';
import type { RealModule } from './modules.ts';

export interface Checkout {
  /** Folder of the module, or of the workspace. */
  folder: string;
  /** The main package, relative to `folder`. */
  main: string;
  /** Folder of the module with the main package, relative to `folder`; `.` without a workspace. */
  moduleFolder: string;
  /** Folders of the modules, relative to `folder`. */
  modules: string[];
}

/** Lays the module, what stands beside it and its vendor folder into `folder`. @throws Error with the go command's words */
export async function checkOut(module: RealModule, folder: string, deps: BenchDeps): Promise<Checkout> {
  const go = (cwd: string, ...args: string[]) =>
    runCommand({ command: 'go', args, cwd, env: deps.env, signal: deps.signal });
  const copy = async (moduleAtVersion: string, to: string) => {
    const { stdout } = await go(deps.folder, 'mod', 'download', '-json', moduleAtVersion);
    const { Dir } = JSON.parse(stdout) as { Dir: string };
    cpSync(Dir, to, { recursive: true });
    // Go's module cache is read-only, and so is what is copied from it.
    await runCommand({ command: 'chmod', args: ['-R', 'u+w', to], env: deps.env, signal: deps.signal });
  };
  if (module.beside === undefined) {
    await copy(module.module, folder);
    if (module.vendor) await go(folder, 'mod', 'vendor');
    return { folder, main: module.main, moduleFolder: '.', modules: ['.'] };
  }
  mkdirSync(folder);
  const modules = [module.module, module.beside].map((name) => lastName(name));
  await copy(module.module, join(folder, modules[0]!));
  await copy(module.beside, join(folder, modules[1]!));
  await go(folder, 'work', 'init', ...modules.map((name) => `./${name}`));
  const main = `./${posix.join(modules[0]!, module.main)}`;
  return { folder, main, moduleFolder: modules[0]!, modules };
}

/** `filippo.io/age@v1.2.1` is `age`. */
function lastName(moduleAtVersion: string): string {
  return posix.basename(moduleAtVersion.replace(/@.*/, '').replace(/\/v\d+$/, ''));
}

/** Names for folders and images, each once: `age`, `caddy`, and `age-2` for a second version of it. */
export function shortNames(modules: readonly RealModule[]): string[] {
  const taken = new Map<string, number>();
  return modules.map((module) => {
    const last = posix.basename(module.main);
    const name = last === '.' ? lastName(module.module) : last;
    const clean =
      name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '') || 'program';
    const times = (taken.get(clean) ?? 0) + 1;
    taken.set(clean, times);
    return times === 1 ? clean : `${clean}-${times}`;
  });
}

/** The files of modules and workspace that a Dockerfile copies before the source. */
export function moduleFiles({ folder, modules }: Checkout): string[] {
  const names = modules.flatMap((module) => [posix.join(module, 'go.mod'), posix.join(module, 'go.sum')]);
  return ['go.work', 'go.work.sum', ...names].filter((name) => existsSync(join(folder, name)));
}
