import { failed } from '../errors.ts';
import type { RunProgram } from '../processes.ts';

/** What `go` said: its output, or its own words about why not. */
export type GoAnswer = { ok: true; stdout: string } | { ok: false; words: string };

/** Runs `go ARGS` in a folder with these settings; ends with an error only where there is no go at all. */
export type GoTool = (
  args: readonly string[],
  cwd: string,
  env?: Readonly<Record<string, string>>,
) => Promise<GoAnswer>;

/** A first run may download every module. */
const timeoutMs = 15 * 60_000;
const maxBytes = 256 * 1024 * 1024;
const maxLines = 12;

/** @param settings environment for every run */
export function goTool(run: RunProgram, settings: Readonly<Record<string, string>>): GoTool {
  return async (args, cwd, env) => {
    // With PWD go names folders as the user does, through symbolic links.
    const result = await run('go', args, {
      cwd,
      env: { ...settings, ...env, PWD: cwd },
      timeoutMs,
      maxBytes,
    });
    if (result.problem === 'go is not installed') {
      throw failed(
        'There is no go on the PATH, and the module is read by it. Install Go from https://go.dev/dl/ and run this again.',
      );
    }
    if (result.status === 0) return { ok: true, stdout: result.stdout.toString() };
    return { ok: false, words: bounded(result.stderr, result.problem) };
  };
}

/**
 * The output of a run that has to go well.
 * @throws CliError (exit code 1) with go's words and what to do
 */
export function expectGo(answer: GoAnswer, doing: string): string {
  if (answer.ok) return answer.stdout;
  throw failed(`${doing} failed. go says:\n${indented(answer.words)}\n${remedy(answer.words)}`);
}

/** The lines that say something, as many as a terminal shows at once. */
function bounded(stderr: string, problem: string | undefined): string {
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== '' && !/^go: (down|find)/.test(line));
  if (problem !== undefined) lines.push(problem);
  const more = lines.length > maxLines ? [`(and ${lines.length - maxLines} more lines)`] : [];
  const shown = lines.slice(0, maxLines).map((line) => (line.length > 400 ? `${line.slice(0, 400)}…` : line));
  return [...shown, ...more].join('\n');
}

function indented(words: string): string {
  return words.replace(/^/gm, '  ');
}

/** What to do, by what go said; the first that fits. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /no matching files found|pattern .*: cannot embed/,
    'Embedded files are missing: make them first (go generate, or the build of the web pages), then run this again.',
  ],
  [
    /missing go\.sum entry|updates to go\.mod needed|go\.mod file indicates|no required module provides/,
    'Run go mod tidy in the module, then this again.',
  ],
  [
    /no Go files in|directory not found|is not in std|main module .* does not contain/,
    'Name the folder of a main package, relative to the one this runs in: --main ./cmd/NAME.',
  ],
  [/inconsistent vendoring/, 'Run go mod vendor in the module, then this again.'],
  [
    /requires go >= |toolchain not available|unknown toolchain/,
    'Install that version of Go, or let go fetch it: GOTOOLCHAIN=auto.',
  ],
  [
    /terminal prompts disabled|could not read Username|410 Gone|404 Not Found|Permission denied/,
    'A module that is private needs GOPRIVATE and a login for git, here as well as in the build (--private).',
  ],
  [
    /dial tcp|i\/o timeout|connection refused|no such host|403 Forbidden|GOPROXY|module lookup disabled/,
    'A module cannot be downloaded: look at the network and at GOPROXY.',
  ],
  [/go\.work/, 'Mend go.work, or leave it out: GOWORK=off.'],
];

function remedy(words: string): string {
  const found = remedies.find(([pattern]) => pattern.test(words));
  return found?.[1] ?? 'Mend that so that go build works in the folder, then run this again.';
}
