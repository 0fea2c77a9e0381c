import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';

const sdk = '@grafana[\\\\/]grafana-foundation-sdk[\\\\/]dist[\\\\/]';

/**
 * Bundles of the foundation SDK only what is used. It is CommonJS, of which esbuild cannot leave anything out: all its builders
 * would be read and run by each command that renders, for a third of a second in a thousand. Its index files are read as lists of
 * the files that they join, and its builders get the types that they take their defaults from in place of a whole index.
 * @throws Error, and the build fails, where a file of the SDK is not written as it was in the version that is pinned
 */
export const usedExports: Plugin = {
  name: 'used-exports',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: new RegExp(`${sdk}\\w+[\\\\/]index\\.js$`) }, ({ path }) => ({
      contents: reexports(path),
      resolveDir: dirname(path),
    }));
    onResolve({ filter: /^\.\.\/\w+$/ }, ({ path, importer, resolveDir }) => {
      if (!new RegExp(sdk).test(importer)) return undefined;
      const types = join(resolveDir, path, 'types.gen.js');
      mustHave(importer, path.slice(3), exportsOf(types));
      return { path: types, sideEffects: false };
    });
  },
};

/** An index of `__exportStar(require("./x.gen"), exports)` as `export { … } from './x.gen'`. */
function reexports(index: string): string {
  const files = [...readFileSync(index, 'utf8').matchAll(/require\("(\.\/[\w.]+)"\)/g)].map(
    ([, file]) => file!,
  );
  if (files.length === 0) throw new Error(`${index} joins no files`);
  return files
    .map(
      (file) => `export { ${[...exportsOf(join(dirname(index), `${file}.js`))].join(', ')} } from '${file}';`,
    )
    .join('\n');
}

/** The names that a CommonJS file of the SDK exports. */
function exportsOf(file: string): ReadonlySet<string> {
  const names = [...readFileSync(file, 'utf8').matchAll(/\bexports\.(\w+)\b/g)].map(([, name]) => name!);
  return new Set(names.filter((name) => name !== '__esModule'));
}

/** The enumerations and defaults that a builder uses of another module have to be among that one's types. */
function mustHave(importer: string, module: string, there: ReadonlySet<string>): void {
  const used = readFileSync(importer, 'utf8').matchAll(
    new RegExp(`(?<![\\w.])${module}\\.([A-Z]\\w*|default[A-Z]\\w*)`, 'g'),
  );
  for (const [, name] of used) {
    if (!there.has(name!)) throw new Error(`${importer} uses ${module}.${name}, which is none of its types`);
  }
}
