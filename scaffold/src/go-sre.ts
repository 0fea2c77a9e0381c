#!/usr/bin/env node
import * as disk from 'node:fs/promises';
import { readTemplate } from './emit/template.ts';
import { gitRunner } from './git.ts';
import { runGoSre } from './go-sre-command.ts';
import { packageVersion, templateFolder, userFolder } from './package.ts';

process.exitCode = await runGoSre(process.argv.slice(2), {
  version: packageVersion,
  disk,
  readTemplate: () => readTemplate(templateFolder),
  git: gitRunner(process.env),
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: userFolder(process.env, process.cwd()),
});
