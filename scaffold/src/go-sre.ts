#!/usr/bin/env node
import * as disk from 'node:fs/promises';
import { runGoSre } from './go-sre-command.ts';
import { packageVersion, userFolder } from './package.ts';

process.exitCode = await runGoSre(process.argv.slice(2), {
  version: packageVersion,
  disk,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: userFolder(process.env, process.cwd()),
});
