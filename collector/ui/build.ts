import { readFileSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

/** The package folder of an input path, `node_modules/uplot` or `node_modules/@preact/signals`. */
function packageOf(input: string): string | undefined {
  return /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[0];
}

function bundledPackages(metafile: Metafile): string[] {
  const used = new Set<string>();
  for (const output of Object.values(metafile.outputs)) {
    for (const input of Object.keys(output.inputs)) {
      const folder = packageOf(input);
      if (folder) used.add(folder);
    }
  }
  return [...used].sort();
}

/** Name, version and licence text of every package that went into the bundle. Throws when one has no licence file. */
function licences(folders: readonly string[], base: string): string {
  return folders
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(base, folder, 'package.json'), 'utf8'));
      return `${name} ${version} (${license})\n\n${readFileSync(join(base, folder, 'LICENSE'), 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/**
 * Builds the console into `outDir` (made when missing): index.html, app.js, app.css, two fonts and
 * third-party-licences.txt. All names are fixed and all references absolute, so that index.html works at every
 * path. Rejects when esbuild reports errors or a bundled package has no licence.
 */
export async function buildConsole(outDir: string): Promise<void> {
  const require = createRequire(import.meta.url);
  // Paths in the metafile are relative to this folder, wherever the build is started from.
  const base = dirname(dirname(dirname(require.resolve('esbuild/package.json'))));
  await mkdir(outDir, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: base,
    entryPoints: [
      { in: join(here, 'main.tsx'), out: 'app' },
      { in: join(here, 'styles/main.css'), out: 'app' },
    ],
    outdir: outDir,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['chrome111', 'firefox114', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.woff2': 'file' },
    assetNames: '[name]',
    entryNames: '[name]',
    publicPath: '/',
    legalComments: 'none',
    metafile: true,
    write: true,
    logLevel: 'warning',
  });
  await cp(join(here, 'index.html'), join(outDir, 'index.html'));
  await writeFile(join(outDir, 'third-party-licences.txt'), licences(bundledPackages(metafile), base));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outDir = join(dirname(here), 'dist/ui');
  await buildConsole(outDir);
  const sizes = await Promise.all(
    ['app.js', 'app.css'].map(async (name) => `${name} ${(await readFile(join(outDir, name))).length} bytes`),
  );
  console.log(`Built the console into ${outDir}: ${sizes.join(', ')}`);
}
