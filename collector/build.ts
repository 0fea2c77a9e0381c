// Bundles the collector and its console into dist/, with the licences of everything bundled beside them: the
// published package and the container image need nothing else. Run by `npm run build`, and by npm before packing.
import { chmodSync, cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { thirdPartyLicences } from '../licences.ts';
import { buildConsole } from './ui/build.ts';

const here = import.meta.dirname;
const dist = join(here, 'dist');
// Built aside and swapped in, so that a collector which starts meanwhile finds one whole build or the other.
const made = join(here, `dist-${process.pid}`);
const old = join(here, `dist-${process.pid}-old`);

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: [
    { in: 'launch.ts', out: 'main' },
    { in: 'storage/embedded/reader-worker.ts', out: 'reader-worker' },
    { in: 'storage/embedded/seal-worker.ts', out: 'seal-worker' },
  ],
  outdir: made,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
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
writeFileSync(join(made, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicences(metafile, here));
chmodSync(join(made, 'main.js'), 0o755);
await buildConsole(join(made, 'ui'));
copyOps(join(made, 'ops'));
if (existsSync(dist)) renameSync(dist, old);
renameSync(made, dist);
rmSync(old, { recursive: true, force: true });

/** Rules and dashboard of the collector itself, for those who have the package alone; an image has no use for them. */
function copyOps(to: string): void {
  for (const file of ['alerts/collector/rules.yaml', 'dashboards/collector/collector.json']) {
    const from = join(here, '..', file);
    if (existsSync(from)) cpSync(from, join(to, basename(file)));
  }
}
