// Bundles the collector and its console into dist/, with the licences of everything bundled beside them: the
// published package and the container image need nothing else. Run by `npm run build`, and by npm before packing.
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { thirdPartyLicences } from '../licences.ts';
import { buildConsole } from './ui/build.ts';

const here = import.meta.dirname;
const dist = join(here, 'dist');

rmSync(dist, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ['main.ts'],
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  metafile: true,
  minify: true,
  keepNames: true,
  legalComments: 'none',
  chunkNames: 'chunk-[hash]',
  // Bundled CommonJS modules call require for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
});
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicences(metafile, here));
chmodSync(join(dist, 'main.js'), 0o755);
await buildConsole(join(dist, 'ui'));
