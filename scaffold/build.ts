// Bundles the commands into dist/, so that the published package has no dependency to install, and puts the
// licences of everything bundled beside them. Run by `npm run build`, and by npm before packing.
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { thirdPartyLicences } from '../licences.ts';

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
  // Bundled CommonJS modules call require for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
});
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicences(metafile, here));
copyFileSync(join(here, '..', 'LICENSE'), join(dist, 'LICENSE'));
