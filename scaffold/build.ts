// Bundles the commands into dist/, so that the published package has no dependency to install, and puts the
// licences of everything bundled beside them. Run by `npm run build`, and by npm before packing.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { thirdPartyLicences } from '../licences.ts';
import { usedExports } from './used-exports.ts';

/** Bundled CommonJS modules call require for Node's own modules. */
const withRequire =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);";

/** A bundled file up to the end of the banner, and the rest. */
function splitBanner(text: string): [banner: string, code: string] {
  const end = text.indexOf(withRequire) + withRequire.length + 1;
  return [text.slice(0, end), text.slice(end)];
}

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
  banner: { js: withRequire },
});
// The others start sooner without it: a small command is made of a dozen files.
for (const file of Object.keys(metafile.outputs).map((path) => join(here, path))) {
  const [banner, code] = splitBanner(readFileSync(file, 'utf8'));
  if (!/\brequire\b/.test(code)) writeFileSync(file, banner.replace(`${withRequire}\n`, '') + code);
}
// What src/package.ts reads at run time.
const wasm = ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-go/tree-sitter-go.wasm'].map((specifier) =>
  createRequire(import.meta.url).resolve(specifier),
);
for (const file of wasm) copyFileSync(file, join(dist, basename(file)));
const licences = thirdPartyLicences(metafile, here, wasm.map(dirname));
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licences);
copyFileSync(join(here, '..', 'LICENSE'), join(dist, 'LICENSE'));
