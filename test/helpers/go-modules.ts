// Which lines of go.mod and go.sum a service needs with which options: asked of `go mod tidy` for every combination,
// and written to the template's modules.json, so that the generator needs no Go. `npm run golden` runs it; the
// versions are those of the template's go.mod.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answers, defaultRouter } from '../../scaffold/src/answers.ts';
import { type Condition, modulesFile } from '../../scaffold/src/emit/go-modules.ts';
import { readTemplate, type Template } from '../../scaffold/src/emit/template.ts';
import { optionNames, type TemplateOption } from '../../scaffold/src/options.ts';
import { templateFolder } from '../../scaffold/src/package.ts';
import { emitService, plainAnswers, subsetsOf } from './emitted-service.ts';

/** Every combination of router and --with options, as answers without CI: it changes nothing in Go. */
export function everyGoService(options: readonly TemplateOption[]): Answers[] {
  const subsets = subsetsOf(optionNames(options, 'with'));
  return optionNames(options, 'router').flatMap((router) =>
    subsets.map((set) => ({ ...plainAnswers, router, with: set.sort() })),
  );
}

/** Emits the service into `folder` and runs `go ARGS` there; gives its output. @throws Error with the output */
export async function goInService(
  answers: Answers,
  template: Template,
  folder: string,
  args: readonly string[],
): Promise<string> {
  await emitService(answers, folder, { template, version: '0.0.0' });
  return go(folder, args);
}

async function go(folder: string, args: readonly string[]): Promise<string> {
  const child = spawn('go', args, { cwd: folder, env: { ...process.env, GOFLAGS: '', GOWORK: 'off' } });
  const chunks: unknown[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  const status = await new Promise((resolve) => child.on('close', resolve));
  if (status === 0) return chunks.join('');
  throw new Error(`go ${args.join(' ')} in ${folder}:\n${chunks.join('')}`);
}

/** The options that are on in one combination, and the lines that `go mod tidy` leaves of one file. */
type Sample = { on: ReadonlySet<string>; lines: ReadonlySet<string> };

/** The lines that are not in every sample, sorted, each with the shortest condition for the samples that have it. */
export function conditionsOf(
  samples: readonly Sample[],
  variables: readonly string[],
): Record<string, Condition> {
  const all = new Set(samples.flatMap(({ lines }) => [...lines]));
  const varying = [...all].filter((line) => !samples.every(({ lines }) => lines.has(line))).sort();
  const cases = casesOf(variables);
  return Object.fromEntries(
    varying.map((line) => {
      const having = samples.filter(({ lines }) => lines.has(line));
      const lacking = samples.filter(({ lines }) => !lines.has(line));
      const possible = cases.filter((words) => !lacking.some(({ on }) => holds(words, on)));
      return [line, cover(having, possible)];
    }),
  );
}

/** Every conjunction of options that are on or off, the ones with fewer words, and fewer `!` among them, first. */
function casesOf(variables: readonly string[]): string[][] {
  const weight = (words: readonly string[]) =>
    words.length * 10 + words.filter((word) => word.startsWith('!')).length;
  return conjunctionsOf(variables).sort((a, b) => weight(a) - weight(b));
}

function conjunctionsOf([first, ...rest]: readonly string[]): string[][] {
  if (first === undefined) return [[]];
  return conjunctionsOf(rest).flatMap((words) => [words, [first, ...words], [`!${first}`, ...words]]);
}

function holds(words: readonly string[], on: ReadonlySet<string>): boolean {
  return words.every((word) => (word.startsWith('!') ? !on.has(word.slice(1)) : on.has(word)));
}

/** The cases that together hold for all samples: the one that holds for most of those left first. */
function cover(samples: readonly Sample[], possible: readonly string[][]): string[] {
  const chosen: string[] = [];
  for (let left = samples; left.length > 0; ) {
    const gains = possible.map((words) => left.filter(({ on }) => holds(words, on)).length);
    const best = possible[gains.indexOf(Math.max(...gains))]!;
    chosen.push(best.join(' '));
    left = left.filter(({ on }) => !holds(best, on));
  }
  return chosen.sort();
}

/** What modules.json has to hold for the template, by `go mod tidy` in every combination of options. */
async function computeModules(template: Template): Promise<Record<'goMod' | 'goSum', object>> {
  const whole: Template = { ...template, modules: { goMod: new Map(), goSum: new Map() } };
  const samples: { goMod: Sample; goSum: Sample }[] = [];
  const parent = mkdtempSync(join(tmpdir(), 'go-modules-'));
  try {
    for (const answers of everyGoService(template.options)) {
      const folder = join(parent, [answers.router, ...answers.with].join('-'));
      await goInService(answers, whole, folder, ['mod', 'tidy']);
      const lines = (file: string, wanted: RegExp) =>
        new Set(
          readFileSync(join(folder, file), 'utf8')
            .split('\n')
            .filter((line) => wanted.test(line))
            .map((line) => line.trim()),
        );
      const on = new Set([answers.router, ...answers.with]);
      samples.push({
        goMod: { on, lines: lines('go.mod', /^\t/) },
        goSum: { on, lines: lines('go.sum', /./) },
      });
    }
  } finally {
    rmSync(parent, { recursive: true });
  }
  const routers = optionNames(template.options, 'router').filter((name) => name !== defaultRouter);
  const variables = [...optionNames(template.options, 'with'), ...routers];
  return {
    goMod: conditionsOf(
      samples.map(({ goMod }) => goMod),
      variables,
    ),
    goSum: conditionsOf(
      samples.map(({ goSum }) => goSum),
      variables,
    ),
  };
}

if (import.meta.main) {
  await go(templateFolder, ['mod', 'tidy']);
  const modules = await computeModules(readTemplate(templateFolder));
  const lines = Object.entries(modules).map(([file, conditions]) => {
    const entries = Object.entries(conditions).map(
      ([line, condition]) => `    ${JSON.stringify(line)}: ${JSON.stringify(condition)}`,
    );
    return `  "${file}": {\n${entries.join(',\n')}\n  }`;
  });
  writeFileSync(join(templateFolder, modulesFile), `{\n${lines.join(',\n')}\n}\n`);
  console.log(
    `scaffold/template/${modulesFile}: ${Object.entries(modules)
      .map(([file, c]) => `${Object.keys(c).length} lines of ${file}`)
      .join(', ')}`,
  );
}
