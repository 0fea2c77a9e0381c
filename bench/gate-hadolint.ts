// Do people who have hadolint's findings keep them, and what do they wait for?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from '../test/helpers/tools.ts';
import type { Bench, BenchDeps } from './bench.ts';
import { type Case, parseCorpus } from './hadolint/corpus.ts';
import { cpuSeconds, writeDockerfiles } from './hadolint/cost.ts';
import { gateFlags, hadolintFlags, isKnown } from './hadolint/verdicts.ts';
import { runCommand } from './processes.ts';
import { cell, type Table } from './report.ts';
import { median } from './statistics.ts';

const root = join(import.meta.dirname, '..');
const ownCorpus = join(import.meta.dirname, 'hadolint-corpus.json');
const counts = [1, 500] as const;
type Count = (typeof counts)[number];

/** CPU seconds of each side. */
type Cost = { ours: number; hadolint: number };

type Judged = Case & { ours: boolean };

/** Cases of rules that ShellCheck has, which the gate leaves to it. */
function isShellChecks({ rule }: Case): boolean {
  return rule.startsWith('SC');
}

/** Rules that find nothing in any Dockerfile until a configuration tells them of registries or labels. */
const configured = /^DL30(?:26|49|5[0-68])$/;

/** Cases that lack the configuration which their rule is about: what they say, nobody can find without it. */
function lacksConfig({ rule, config, flagged }: Case): boolean {
  return flagged && configured.test(rule) && config === undefined;
}

/** Judges every case that can be judged; the gate is asked in this process. */
function judgeAll(cases: readonly Case[]): Judged[] {
  return cases
    .filter((one) => !isShellChecks(one) && !lacksConfig(one))
    .map((one) => ({ ...one, ours: gateFlags(one) }));
}

function agrees({ flagged, ours }: Judged): boolean {
  return flagged === ours;
}

function tableOf(judged: readonly Judged[]): Table {
  const byRule = [...Map.groupBy(judged, ({ rule }) => rule)].sort(([a], [b]) => a.localeCompare(b));
  const rows = byRule.map(([rule, of]) => {
    const missed = of.filter((one) => one.flagged && !one.ours).length;
    const extra = of.filter((one) => !one.flagged && one.ours).length;
    return [rule, cell(of.length), cell(of.filter(agrees).length), cell(missed), cell(extra)];
  });
  return { head: ['rule', 'cases', 'agree', 'missed', 'only ours'], rows };
}

/** Sentences on the cases: those that do not agree, and those about which hadolint itself says something else. */
async function notesOn(
  cases: readonly Case[],
  judged: readonly Judged[],
  peer: string | undefined,
  deps: BenchDeps,
): Promise<string[]> {
  const notes = judged
    .filter((one) => !agrees(one))
    .map(
      ({ rule, flagged, dockerfile }) => `${rule} ${flagged ? 'missed' : 'only ours'}: ${shown(dockerfile)}`,
    );
  const left = cases.filter(isShellChecks).length;
  if (left > 0) notes.push(`${left} cases are ShellCheck's rules, which the gate leaves to ShellCheck.`);
  const bare = cases.filter(lacksConfig);
  if (bare.length > 0)
    notes.push(
      `${bare.length} cases of ${rulesOf(bare)} are left out: they are flagged and have no "config", without which the rule finds nothing.`,
    );
  const unknown = new Set(judged.map(({ rule }) => rule).filter((rule) => !isKnown(rule)));
  if (unknown.size > 0) notes.push(`The gate has no rule ${[...unknown].join(', ')}.`);
  if (peer === undefined) return notes;
  const said = await hadolintFlags(judged, { ...deps, path: peer, folder: join(deps.folder, 'cases') });
  const other = judged.filter((one, at) => said[at] !== undefined && said[at] !== one.flagged);
  const unread = said.filter((one) => one === undefined).length;
  if (other.length > 0)
    notes.push(
      `Of ${other.length} cases hadolint says otherwise than the corpus, which counts: ${rulesOf(other)}.`,
    );
  if (unread > 0) notes.push(`${unread} cases hadolint cannot read; what the corpus says of them counts.`);
  return notes;
}

function rulesOf(cases: readonly Case[]): string {
  return [...new Set(cases.map(({ rule }) => rule))].sort().join(', ');
}

function shown(dockerfile: string): string {
  const text = JSON.stringify(dockerfile);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

/** CPU seconds for the same files, by turns; the report of each goes into a file. */
async function measure(count: Count, rounds: number, peer: string, deps: BenchDeps): Promise<Cost> {
  const { env, signal, folder, tell } = deps;
  const cwd = join(folder, `files-${count}`);
  const files = writeDockerfiles(cwd, count);
  const goSre = join(root, 'scaffold/dist/go-sre.js');
  const ours = { command: process.execPath, args: [goSre, 'check', '--json', ...files], cwd, env, signal };
  const theirs = { command: peer, args: ['--format', 'json', ...files], cwd, env, signal };
  const costs: Cost[] = [];
  for (let round = 1; round <= rounds; round++) {
    tell(`${count} files, round ${round} of ${rounds}`);
    costs.push({
      ours: await cpuSeconds(ours, join(folder, `ours-${count}.json`)),
      hadolint: await cpuSeconds(theirs, join(folder, `hadolint-${count}.json`)),
    });
  }
  return { ours: median(costs.map((one) => one.ours)), hadolint: median(costs.map((one) => one.hadolint)) };
}

function costTable(costs: ReadonlyMap<Count, Cost>): Table {
  return {
    head: ['CPU seconds', 'go-sre check', 'hadolint', 'ratio'],
    rows: [...costs].map(([count, { ours, hadolint }]) => [
      `${count} file${count === 1 ? '' : 's'}`,
      cell(ours),
      cell(hadolint),
      cell(ours / hadolint),
    ]),
  };
}

async function measureAll(peer: string, deps: BenchDeps): Promise<Map<Count, Cost>> {
  const { env, signal, settings } = deps;
  await runCommand({ command: process.execPath, args: ['scaffold/build.ts'], cwd: root, env, signal });
  const costs = new Map<Count, Cost>();
  costs.set(1, await measure(1, settings.rounds ?? 9, peer, deps));
  costs.set(500, await measure(500, settings.rounds ?? 3, peer, deps));
  return costs;
}

/** Ours as a share of hadolint's; null: not measured. */
function ratio(cost: Cost | undefined): number | null {
  return cost === undefined ? null : cost.ours / cost.hadolint;
}

export const gateHadolint: Bench<'gate-hadolint'> = {
  question: 'how far the gate agrees with hadolint, and what both cost',
  async run(deps) {
    const file = deps.settings.corpus ?? ownCorpus;
    const cases = parseCorpus(readFileSync(file, 'utf8'), file);
    const notes: string[] = [];
    const peer = tool({ skip: (why) => notes.push(`No CPU time: ${why}.`) }, 'hadolint');
    const judged = judgeAll(cases);
    if (judged.length === 0) throw new Error(`${file} has no case of a rule of hadolint's own`);
    const costs = peer === undefined ? new Map<Count, Cost>() : await measureAll(peer, deps);
    return {
      tables: [tableOf(judged), ...(costs.size > 0 ? [costTable(costs)] : [])],
      notes: [...notes, ...(await notesOn(cases, judged, peer, deps))],
      figures: {
        cases: judged.length,
        agreement: judged.filter(agrees).length / judged.length,
        cpuRatio1: ratio(costs.get(1)),
        cpuRatio500: ratio(costs.get(500)),
      },
    };
  },
};
