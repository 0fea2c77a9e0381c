import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { failed } from './errors.ts';

/** What leaves the service when an option is off; the region markers in the files do the rest. */
export type TemplateOption = {
  name: string;
  /** One line for the prompt and --help. */
  title: string;
  /** Paths of whole files, or of folders with a slash at the end. */
  files: readonly string[];
  /** Lines of go.mod and go.sum that only this option needs. */
  goMod: readonly string[];
  goSum: readonly string[];
  /** Ids of the SLOs in slo.json that belong to the option's routes. */
  slos: readonly string[];
};

/** The template: a Go module with every option on. */
export type Template = {
  options: readonly TemplateOption[];
  files: ReadonlyMap<string, { bytes: Uint8Array; mode: number }>;
};

const optionsFile = 'options.json';

/** npm leaves `.gitignore` out of a package, so the template carries it under this name. */
const renamed: ReadonlyMap<string, string> = new Map([['_gitignore', '.gitignore']]);

/**
 * Reads the template folder.
 * @throws CliError (exit code 1) when it is not there, which means a broken installation.
 */
export function readTemplate(folder: string): Template {
  let paths: string[];
  try {
    paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  } catch {
    throw failed(`The template is missing from ${folder}. Install create-go-sre-service again.`);
  }
  const files = new Map<string, { bytes: Uint8Array; mode: number }>();
  for (const native of paths) {
    const stat = statSync(join(folder, native));
    const path = native.replaceAll('\\', '/');
    if (!stat.isFile() || path === optionsFile) continue;
    const mode = stat.mode & 0o100 ? 0o755 : 0o644;
    files.set(renamed.get(path) ?? path, { bytes: readFileSync(join(folder, native)), mode });
  }
  const options: unknown = JSON.parse(readFileSync(join(folder, optionsFile), 'utf8'));
  return { options: parseOptions(options), files };
}

/** options.json: `{NAME: {title, files, goMod, goSum, slos}}`. */
function parseOptions(value: unknown): TemplateOption[] {
  return Object.entries(record(value)).map(([name, option]) => {
    const { title, files, goMod, goSum, slos } = record(option);
    return {
      name,
      title: String(title),
      files: strings(files),
      goMod: strings(goMod),
      goSum: strings(goSum),
      slos: strings(slos),
    };
  });
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${optionsFile}: an object is missing`);
  return value as Record<string, unknown>;
}

function strings(value: unknown): string[] {
  if (!Array.isArray(value)) throw new TypeError(`${optionsFile}: a list is missing`);
  return value.map(String);
}
