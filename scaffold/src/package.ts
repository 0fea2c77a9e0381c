import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// From src/ and from dist/ alike, the package is the folder above.
const packageFolder = new URL('..', import.meta.url);

/** Where the template lies, in the clone and in the published package. */
export const templateFolder = fileURLToPath(new URL('template', packageFolder));

/** Where the Go files lie that `go-sre route add` starts a handler and its test from. */
export const routeFolder = fileURLToPath(new URL('route', packageFolder));

/** Where the pipelines lie that `go-sre pipeline` renders. */
export const pipelinesFolder = fileURLToPath(new URL('pipelines', packageFolder));

/** Where the policies for clusters lie that `go-sre registry policy` fills in. */
export const policiesFolder = fileURLToPath(new URL('policies', packageFolder));

/** A grammar's or parser's WebAssembly: beside the bundle in the published package, of its own package in the clone. */
export function readWasm(specifier: string): Uint8Array {
  const beside = new URL(`dist/${specifier.split('/').at(-1)}`, packageFolder);
  const bundled = !import.meta.url.endsWith('.ts') && existsSync(beside);
  return readFileSync(bundled ? beside : createRequire(import.meta.url).resolve(specifier));
}

/** Version in the package.json of this package. */
export const packageVersion = String(
  (JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8')) as { version?: unknown }).version,
);

/**
 * The folder the user stands in. `npm run` in the clone changes to the clone's root and keeps the user's folder
 * in INIT_CWD; anywhere else INIT_CWD may be left from an outer npm and says nothing.
 */
export function userFolder(env: NodeJS.ProcessEnv, cwd: string): string {
  return cloneFolder(env, cwd) !== undefined && env.INIT_CWD !== undefined ? env.INIT_CWD : cwd;
}

/** Root of the clone, when `npm run` started this process there. */
export function cloneFolder(env: NodeJS.ProcessEnv, cwd: string): string | undefined {
  return env.npm_package_name === 'go-sre' ? cwd : undefined;
}
