// Runs before every npm script, on whatever Node the machine has (20 or newer): installs the clone's
// dependencies when package-lock.json changed, and says in one line what is missing. No dependencies itself.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const stampFile = join(root, 'node_modules', '.installed-from');

/** Prints what is missing and what to do, and ends with exit code 1. */
function missing(message) {
  console.error(`go-sre: ${message}`);
  process.exit(1);
}

/** Needs `go` on PATH; the emitted module's go line decides the version, Go itself checks it. */
function needGo() {
  const go = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (go.error || go.status !== 0) {
    missing('Go is missing: install it from https://go.dev/dl/ (1.26 or newer) and put `go` on PATH.');
  }
}

function lockHash() {
  const files = ['package-lock.json', 'package.json', 'scaffold/package.json', 'collector/package.json'];
  return files.reduce((h, f) => h.update(readFileSync(join(root, f))), createHash('sha256')).digest('hex');
}

function installed(hash) {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash;
}

/**
 * `npm install` without saving, quiet: its engine and script warnings concern the Node that installs, not the one
 * that runs. Not `npm ci`: that refuses a lock file which lacks other platforms' optional packages, and a registry
 * that mirrors only some platforms makes such lock files.
 */
function install(hash) {
  console.error('go-sre: installing dependencies (once, about 20 s) …');
  const npm = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) {
    const out = `${npm.stdout ?? ''}${npm.stderr ?? ''}`;
    if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH/.test(out)) {
      missing('no network: npm could not reach its registry. Connect once, then run the same command again.');
    }
    process.stderr.write(out);
    missing('`npm install` failed, see above. Remove node_modules and run the same command again.');
  }
  writeFileSync(stampFile, hash);
}

if (Number(process.versions.node.split('.')[0]) < 20) {
  missing(`Node ${process.versions.node} is too old: install Node 20 or newer from https://nodejs.org.`);
}
if (process.argv.includes('go')) needGo();
const hash = lockHash();
if (!installed(hash)) install(hash);
