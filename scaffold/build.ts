// Bundles the commands into dist/, so that the published package has no dependency to install, and puts the
// licences of everything bundled beside them. Run by `npm run build`, and by npm before packing.
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { thirdPartyLicences } from '../licences.ts';
import { usedExports } from './used-exports.ts';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');

rmSync(dist, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ['src/create.ts', 'src/go-sre.ts'],
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  metafile: true,
  minify: true,
  legalComments: 'none',
  chunkNames: 'chunk-[hash]',
  plugins: [usedExports],
  // Bundled CommonJS modules call require for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
});
// What src/package.ts reads at run time.
const wasm = ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-go/tree-sitter-go.wasm'].map((specifier) =>
  createRequire(import.meta.url).resolve(specifier),
);
for (const file of wasm) copyFileSync(file, join(dist, basename(file)));
const licences = thirdPartyLicences(metafile, here, wasm.map(dirname));
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licences);
copyFileSync(join(here, '..', 'LICENSE'), join(dist, 'LICENSE'));
