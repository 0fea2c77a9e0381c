import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Metafile } from 'esbuild';

/** Folders of the third-party packages that any of the bundle's inputs come from, sorted. */
function bundledPackages(metafile: Metafile, workingDir: string): string[] {
  const folders = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found?.[1]) folders.add(resolve(workingDir, found[1]));
  }
  return [...folders].sort();
}

/** Name, version and licence text of a package; one whose package.json alone names its licence gets that name. */
function licence(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  const file = readdirSync(folder).find((name) => /^licen[cs]e(?:[.-]|$)/i.test(name));
  if (file === undefined && manifest['license'] === undefined)
    throw new Error(`${folder} has no licence: it cannot be shipped`);
  const title = `${manifest['name']} ${manifest['version']} (${manifest['license']})`;
  const text =
    file === undefined
      ? `Licensed under ${manifest['license']}.`
      : readFileSync(join(folder, file), 'utf8').trim();
  return `${title}\n${'='.repeat(title.length)}\n\n${text}\n`;
}

/**
 * The licences of everything third-party that esbuild put into a bundle, as one text.
 * @param workingDir esbuild's absWorkingDir, to which the metafile's paths are relative
 * @param copied folders of packages of which files are copied beside the bundle
 */
export function thirdPartyLicences(
  metafile: Metafile,
  workingDir: string,
  copied: readonly string[] = [],
): string {
  const folders = new Set([...bundledPackages(metafile, workingDir), ...copied]);
  return [...folders].sort().map(licence).join('\n\n');
}
