// Fuzz tests of the emitted service, run by Go's own fuzzing in a service with every option on.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { emitService, fullAnswers, tagsOf } from '../helpers/emitted-service.ts';
import type { Bound, Fuzzed, FuzzTarget } from './target.ts';

/** The target that runs one fuzz test of one package of the service. */
export function goTarget(question: string, pkg: string, fuzzTest: string): FuzzTarget {
  return {
    question,
    goTest: `${pkg} ${fuzzTest}`,
    run: async (bound, { folder, tell }) => {
      const work = mkdtempSync(join(tmpdir(), 'go-sre-fuzz-'));
      try {
        const service = join(work, 'shop');
        await emitService(fullAnswers, service);
        const lines = await goFuzz(service, pkg, fuzzTest, bound, tell);
        const inputs = join(service, pkg, 'testdata/fuzz', fuzzTest);
        const failed = readOutput(lines);
        if (failed.input !== undefined) await cp(join(inputs, failed.input), join(folder, failed.input));
        const reproducer = failed.input === undefined ? [] : [join(folder, failed.input)];
        return {
          ...failed.counts,
          crashes: failed.hung ? [] : reproducer,
          hangs: failed.hung ? reproducer : [],
        };
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    },
  };
}

/** Runs the fuzz test and answers its output; throws when it failed without an input that shows it. */
async function goFuzz(
  service: string,
  pkg: string,
  fuzzTest: string,
  bound: Bound,
  tell: (line: string) => void,
): Promise<string[]> {
  const time = 'seconds' in bound ? `${bound.seconds}s` : `${bound.execs}x`;
  const flags = [
    '-tags',
    tagsOf(fullAnswers),
    '-trimpath',
    '-run',
    '^$',
    '-fuzz',
    `^${fuzzTest}$`,
    '-fuzztime',
    time,
  ];
  const child = spawn('go', ['test', ...flags, `./${pkg}`], {
    cwd: service,
    env: { ...process.env, GOWORK: 'off' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      tell(line);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0 && readOutput(lines).input === undefined) {
    throw new Error(`go test ended with ${code}:\n${lines.slice(-30).join('\n')}`);
  }
  return lines;
}

/** Reads what `go test -fuzz` printed: the last counts, and the name of the input that failed, if one did. */
export function readOutput(lines: readonly string[]): {
  counts: Pick<Fuzzed, 'execs' | 'interesting'>;
  input: string | undefined;
  hung: boolean;
} {
  const text = lines.join('\n');
  const counts = [...text.matchAll(/execs: (\d+) .*new interesting: (\d+)/g)].at(-1);
  return {
    counts: { execs: Number(counts?.[1] ?? 0), interesting: Number(counts?.[2] ?? 0) },
    input: /Failing input written to testdata\/fuzz\/\w+\/(\w+)/.exec(text)?.[1],
    hung: text.includes('hung or terminated unexpectedly'),
  };
}
