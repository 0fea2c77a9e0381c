// How the senders that are no Go programs are got: their libraries stand in a cache folder named after what they are
// made from. A folder is finished when its marker is there; a virtual environment cannot be moved into place.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cacheRoot, run } from '../helpers/tool-recipes.ts';

const here = import.meta.dirname;

/** Folder with the files of `sources` (names below this one) and what `make` installs beside them. */
function installed(name: string, sources: readonly string[], make: (folder: string) => void): string {
  const paths = sources.map((source) => join(here, name, source));
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(path));
  const folder = join(cacheRoot(process.env), `sender-${name}-${hash.digest('hex').slice(0, 12)}`);
  const marker = join(folder, '.finished');
  if (existsSync(marker)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const path of paths) copyFileSync(path, join(folder, basename(path)));
  make(folder);
  writeFileSync(marker, '');
  return folder;
}

/** The interpreter of an environment that has the Python SDK, and the program. */
export function installPython(): { python: string; program: string } {
  const folder = installed('python', ['requirements.txt', 'sender.py'], (made) => {
    run('python3', ['-m', 'venv', join(made, 'venv')]);
    const pip = ['install', '--quiet', '--disable-pip-version-check', '-r', join(made, 'requirements.txt')];
    run(join(made, 'venv/bin/pip'), pip);
  });
  return { python: join(folder, 'venv/bin/python'), program: join(folder, 'sender.py') };
}

/** The program, with the JavaScript SDK beside it. */
export function installJavaScript(): string {
  const folder = installed('javascript', ['package.json', 'sender.mjs'], (made) => {
    const npm = join(dirname(process.execPath), 'npm');
    const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--loglevel=error'];
    run(existsSync(npm) ? npm : 'npm', ['install', '--prefix', made, ...flags]);
  });
  return join(folder, 'sender.mjs');
}

/** Class path of the Java SDK, and the program, which java compiles as it starts. */
export function installJava(): { classPath: string; program: string } {
  run('java', ['-version']);
  const folder = installed('java', ['pom.xml', 'Sender.java'], (made) => {
    const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=libraries'];
    run('mvn', ['--quiet', '--batch-mode', '--file', join(made, 'pom.xml'), ...copy]);
  });
  return { classPath: join(folder, 'libraries', '*'), program: join(folder, 'Sender.java') };
}
