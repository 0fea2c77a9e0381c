#!/usr/bin/env node
import * as disk from 'node:fs/promises';
import { runCreate } from './create/command.ts';
import { readTemplate } from './emit/template.ts';
import { gitRunner } from './git.ts';
import { cloneFolder, packageVersion, templateFolder, userFolder } from './package.ts';

const cancel = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => cancel.abort());

const clone = cloneFolder(process.env, process.cwd());

process.exitCode = await runCreate(process.argv.slice(2), {
  readTemplate: () => readTemplate(templateFolder),
  version: packageVersion,
  disk,
  git: gitRunner(process.env, cancel.signal),
  signal: cancel.signal,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: userFolder(process.env, process.cwd()),
  ...(clone !== undefined && { clone }),
});
