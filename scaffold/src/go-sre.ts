#!/usr/bin/env node
import * as disk from 'node:fs/promises';
import module from 'node:module';
import { readTemplate } from './emit/template.ts';
import { runGoSre } from './go-sre-command.ts';
import { packageVersion, templateFolder, userFolder } from './package.ts';

// A command is loaded from what the run before compiled, as npm and tsc do; NODE_DISABLE_COMPILE_CACHE=1 leaves it out. Node 20 has
// it not.
module.enableCompileCache?.();

// `go-sre check | head` closes the pipe before everything is written.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runGoSre(process.argv.slice(2), {
  version: packageVersion,
  disk,
  readTemplate: () => readTemplate(templateFolder),
  // What starts programs is read from the disk by those who do: most commands do not.
  git: async (...call) => (await import('./git.ts')).gitRunner(process.env)(...call),
  run: async (...call) => (await import('./processes.ts')).programRunner(process.env)(...call),
  env: process.env,
  now: Date.now,
  fetch,
  /** Whoever asks for it ends by itself when told to; all else ends as Node does, at once. */
  get signal() {
    const ending = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
    return ending.signal;
  },
  // Each is opened by whoever reads or writes it first: most commands read nothing and complain of nothing.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  get stderr() {
    return process.stderr;
  },
  cwd: userFolder(process.env, process.cwd()),
});
