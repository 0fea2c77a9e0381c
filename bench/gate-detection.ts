// Does the gate find each defect, and nothing where there is none? Folders RULE--bad-N and RULE--ok-N, judged by `go-sre check`.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { shippedBaseImages } from '../images/index.ts';
import { programRunner } from '../scaffold/src/processes.ts';
import { runGoSreInProcess } from '../test/helpers/scaffold.ts';
import type { Bench, BenchDeps } from './bench.ts';
import { cell, type Table } from './report.ts';

const ownCases = join(import.meta.dirname, '../test/images/gate-cases');

/** One folder and what it should show. */
export type Case = { name: string; rule: string; bad: boolean };

/** What the gate says of a case; `problem`: it did not come to a verdict. */
export type Judged = Case & { found: readonly string[]; problem: string | undefined };

/** Reads the name of a case; undefined for folders that are none. */
export function readCase(name: string): Case | undefined {
  const match = /^(.+?)--(bad|ok)(?:-.*)?$/.exec(name);
  return match === null ? undefined : { name, rule: match[1]!, bad: match[2] === 'bad' };
}

/** Whether a case did not go as its name says: a defect that was not found, or one that is none. */
export function isWrong({ bad, rule, found, problem }: Judged): boolean {
  return problem !== undefined || found.some((code) => code.toLowerCase() === rule.toLowerCase()) !== bad;
}

/** Judges one folder as the command does, on the day the dates of ends of life were made. */
async function judge(folder: string, one: Case, { env, signal }: BenchDeps): Promise<Judged> {
  const words = ['check', join(folder, one.name), '--json', '--today', shippedBaseImages.made];
  const { exitCode, stdout, stderr } = await runGoSreInProcess(words, folder, {
    env,
    signal,
    run: programRunner(env),
  });
  if (exitCode !== 0 && exitCode !== 1) return { ...one, found: [], problem: stderr.trim() };
  const { findings } = JSON.parse(stdout) as { findings: { code: string }[] };
  return { ...one, found: findings.map((finding) => finding.code), problem: undefined };
}

function tableOf(judged: readonly Judged[]): Table {
  const rules = [...new Set(judged.map(({ rule }) => rule))].sort();
  return {
    head: ['rule', 'bad', 'found', 'ok', 'left alone'],
    rows: rules.map((rule) => {
      const of = (bad: boolean) => judged.filter((one) => one.rule === rule && one.bad === bad);
      const right = (bad: boolean) => of(bad).filter((one) => !isWrong(one)).length;
      return [rule, cell(of(true).length), cell(right(true)), cell(of(false).length), cell(right(false))];
    }),
  };
}

export const gateDetection: Bench<'gate-detection'> = {
  question: 'whether the gate finds each defect, and nothing where there is none',
  async run(deps) {
    const folder = deps.settings.cases ?? ownCases;
    const cases = readdirSync(folder)
      .sort()
      .flatMap((name) => readCase(name) ?? []);
    if (cases.length === 0) throw new Error(`${folder} has no folders named RULE--bad-N or RULE--ok-N`);
    const judged: Judged[] = [];
    for (const one of cases) {
      deps.signal.throwIfAborted();
      judged.push(await judge(folder, one, deps));
    }
    const wrong = judged.filter(isWrong);
    const notes = wrong.map(
      ({ name, problem, found }) => `${name}: ${problem ?? `found ${found.join(', ') || 'nothing'}`}`,
    );
    return {
      tables: [tableOf(judged)],
      notes: [`Judged as on ${shippedBaseImages.made}.`, ...notes],
      figures: {
        cases: cases.length,
        missed: wrong.filter(({ bad }) => bad).length,
        falseAlarms: wrong.filter(({ bad }) => !bad).length,
      },
    };
  },
};
