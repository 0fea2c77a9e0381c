import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { File, Files } from '../disk.ts';
import { failed } from '../errors.ts';
import { optionsFile, parseOptions, type TemplateOption } from '../options.ts';
import { type GoModules, modulesFile, parseModules } from './go-modules.ts';

/** The template: a Go module with every option on. */
export type Template = {
  options: readonly TemplateOption[];
  modules: GoModules;
  files: Files;
};

/** npm leaves `.gitignore` out of a package, so the template carries it under this name. */
const renamed: ReadonlyMap<string, string> = new Map([['_gitignore', '.gitignore']]);

/**
 * Reads the template folder.
 * @throws CliError (exit code 1) when it is not there, which means a broken installation.
 * @throws TypeError when its options.json or modules.json has another shape.
 */
export function readTemplate(folder: string): Template {
  let paths: string[];
  try {
    paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  } catch {
    throw failed(`The template is missing from ${folder}. Install create-go-sre-service again.`);
  }
  const files = new Map<string, File>();
  for (const native of paths) {
    const stat = statSync(join(folder, native));
    const path = native.replaceAll('\\', '/');
    if (!stat.isFile() || path === optionsFile || path === modulesFile) continue;
    const mode = stat.mode & 0o100 ? 0o755 : 0o644;
    files.set(renamed.get(path) ?? path, { bytes: readFileSync(join(folder, native)), mode });
  }
  const json = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  return { options: parseOptions(json(optionsFile)), modules: parseModules(json(modulesFile)), files };
}
