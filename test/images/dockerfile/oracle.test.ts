// Our reader of Dockerfiles against BuildKit's own, over tricky files and thousands of mutations of them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parseDockerfile } from '../../../images/dockerfile/parser.ts';
import type { Dockerfile, Instruction } from '../../../images/dockerfile/syntax.ts';
import { mutated } from '../../fuzz/fuzzer.ts';
import { randomFrom } from '../../helpers/random.ts';
import { tool } from '../../helpers/tools.ts';
import { tricky } from './tricky.ts';

/** What BuildKit says, as far as it is compared. Its whole form: test/oracles/dockerfile/main.go. */
type Answer = {
  error?: string;
  parseError?: string;
  nodes?: {
    keyword: string;
    startLine: number;
    endLine: number;
    flags?: string[];
    json?: boolean;
    args?: string[];
    heredocs?: { name: string; fd: number; expand: boolean; chomp: boolean; content: string }[];
    child?: { keyword: string };
  }[];
};

function ask(oracle: string, texts: readonly string[]): Answer[] {
  const { stdout, stderr, status } = spawnSync(oracle, {
    input: JSON.stringify(texts),
    maxBuffer: 1 << 30,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** The instructions that BuildKit cuts at white space, or reads as JSON: their arguments are comparable. */
function argsOf({ keyword, words, json }: Instruction): readonly string[] | undefined {
  if (json !== undefined) return keyword === 'healthcheck' ? undefined : json;
  if (!['from', 'copy', 'add', 'expose', 'volume'].includes(keyword)) return undefined;
  return words.map(({ text }) => text);
}

function ours(dockerfile: Dockerfile) {
  return dockerfile.instructions.map((instruction) => ({
    keyword: instruction.keyword,
    startLine: instruction.startLine,
    endLine: instruction.endLine,
    flags: instruction.flags.map(({ name, value }) => `--${name}${value === undefined ? '' : `=${value}`}`),
    json: instruction.json !== undefined,
    args: argsOf(instruction),
    heredocs: instruction.heredocs.map(({ startLine, endLine, ...heredoc }) => heredoc),
    child: instruction.trigger?.keyword,
  }));
}

function theirs(answer: Answer, dockerfile: Dockerfile) {
  return (answer.nodes ?? []).map(
    ({ keyword, startLine, endLine, flags, json, args, heredocs, child }, i) => {
      const instruction = dockerfile.instructions[i];
      const comparable = instruction === undefined ? undefined : argsOf(instruction);
      return {
        ...{ keyword, startLine, endLine, flags: flags ?? [], json: json ?? false },
        // BuildKit tells one empty word where there is none.
        args:
          comparable === undefined ? undefined : (args ?? []).filter((arg) => arg !== '' || json === true),
        heredocs: heredocs ?? [],
        child: child?.keyword,
      };
    },
  );
}

function compare(text: string, answer: Answer): void {
  const dockerfile = parseDockerfile(text);
  if (answer.error?.startsWith('panic:')) return; // a directive, then a comment of a kind: BuildKit falls over it
  const refused = answer.error ?? answer.parseError;
  assert.equal(
    dockerfile.problems.length > 0,
    refused !== undefined,
    `BuildKit: ${refused}; ours: ${JSON.stringify(dockerfile.problems)}; ${JSON.stringify(text)}`,
  );
  // Where BuildKit gives up, we read on.
  if (answer.error === undefined)
    assert.deepEqual(ours(dockerfile), theirs(answer, dockerfile), JSON.stringify(text));
}

test('tricky files are read as BuildKit reads them', async (t) => {
  const oracle = tool(t, 'dockerfile-oracle');
  if (!oracle) return;
  const answers = ask(oracle, Object.values(tricky));
  for (const [i, [why, text]] of Object.entries(tricky).entries()) {
    await t.test(why, () => compare(text, answers[i]!));
  }
});

/**
 * BuildKit reads bytes beyond ASCII in flags as characters of their own, and forgets what stood in front of a `${a:-b}` in
 * the name of a here-document, or a byte order mark at its start: mistakes of its own, and ours is not to follow.
 */
function isFair(text: string): boolean {
  return !/--[^\n]*[^\n\r\t -~]/.test(text) && !/<<[^\n]*(?:\$\{|\uFEFF)/.test(text);
}

test('mutations of tricky files are read as BuildKit reads them', (t) => {
  const oracle = tool(t, 'dockerfile-oracle');
  if (!oracle) return;
  const seeds = Object.values(tricky).map((text) => Buffer.from(text));
  const random = randomFrom(20261126);
  const texts: string[] = [];
  while (texts.length < 4000) {
    const text = Buffer.from(mutated(seeds, random)).toString();
    if (isFair(text) && text.length < 20_000) texts.push(text);
  }
  const answers = ask(oracle, texts);
  for (const [i, text] of texts.entries()) compare(text, answers[i]!);
});
