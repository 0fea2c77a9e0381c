// npm run fuzz -- NAME: random inputs against one property, for a time, and last a line that a program reads.
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest } from '../../slo/index.ts';
import type { Bound, FuzzTarget } from './target.ts';
import { targets } from './targets.ts';

const usage = `npm run fuzz -- NAME [flags]

${Object.entries(targets)
  .map(([name, { question }]) => `  ${name.padEnd(12)} ${question}`)
  .join('\n')}

  --seconds N  how long (default 30, or a number of inputs where the target has one)
  --execs N    how many inputs, instead of --seconds
  --from N     formats: begin with this portion of the seed's inputs, where an earlier run was stopped
  --seed N     of the random inputs of a target in TypeScript (default: the time, printed)

Go keeps what it found interesting in its cache and begins with it the next time.
The last line is RESULT {"fuzz":NAME,"figures":{"crashes":0,"hangs":0,"execs":…}}; a target in TypeScript also tells
rssMB, the peak memory of the process, and may call its inputs otherwise. formats also tells bodies that were accepted
although their oracle refuses them, and disagreements about what a good body says.
Exit codes: 0 nothing found or help, 1 an input broke the property (its path is printed), 2 wrong usage.
`;

const flags = {
  seconds: { type: 'string' },
  execs: { type: 'string' },
  seed: { type: 'string' },
  from: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws Error that says which word of the command line is wrong */
function parse(
  argv: readonly string[],
): { name: string; bound: Bound; seed: number; from?: number } | undefined {
  const { values, positionals } = parseArgs({ args: [...argv], options: flags, allowPositionals: true });
  const [name, ...more] = positionals;
  if (values.help || (name === undefined && argv.length === 0)) return undefined;
  if (name === undefined) throw new Error('NAME is missing');
  if (more.length > 0) throw new Error(`one NAME is expected, ${more[0]} is a second one`);
  if (!(name in targets)) {
    const near = nearest(name, Object.keys(targets));
    throw new Error(`there is no target ${name}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
  }
  if (values.seconds !== undefined && values.execs !== undefined) {
    throw new Error('--seconds and --execs exclude each other');
  }
  const bound = boundOf(values, targets[name]!);
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : whole('seed', values.seed);
  return { name, bound, seed, ...(values.from !== undefined && { from: whole('from', values.from) }) };
}

function boundOf(
  { seconds, execs }: { seconds?: string | undefined; execs?: string | undefined },
  { defaultExecs }: FuzzTarget,
): Bound {
  if (execs !== undefined) return { execs: whole('execs', execs) };
  if (seconds !== undefined) return { seconds: whole('seconds', seconds) };
  return defaultExecs === undefined ? { seconds: 30 } : { execs: defaultExecs };
}

function whole(flag: string, text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new Error(`--${flag} ${text}: a whole number from 1 to 999999999`);
  return value;
}

async function main(argv: readonly string[]): Promise<number> {
  let request: ReturnType<typeof parse>;
  try {
    request = parse(argv);
  } catch (error) {
    console.error(`fuzz: ${error instanceof Error ? error.message : error}\nSee npm run fuzz -- --help.`);
    return 2;
  }
  if (request === undefined) {
    console.log(usage);
    return 0;
  }
  const { name, bound, seed, from } = request;
  const folder = mkdtempSync(join(tmpdir(), `go-sre-fuzz-${name}-`));
  console.log(`${name}: ${targets[name]!.question} (seed ${seed})`);
  try {
    const target = targets[name]!;
    const inputs = target.inputs ?? 'execs';
    const fuzzed = await target.run(bound, {
      ...{ folder, seed, tell: console.log },
      ...(from !== undefined && { from }),
    });
    const { execs, interesting, crashes, hangs, rssMB } = fuzzed;
    console.log(`${execs} ${inputs}, ${interesting} new interesting inputs`);
    for (const path of crashes) console.log(`crash: ${path}`);
    for (const path of hangs) console.log(`hang: ${path}`);
    const figures = {
      ...{ [inputs]: execs, crashes: crashes.length, hangs: hangs.length },
      ...(rssMB !== undefined && { rssMB: Math.round(rssMB) }),
      ...fuzzed.figures,
    };
    console.log(`RESULT ${JSON.stringify({ fuzz: name, figures })}`);
    return crashes.length + hangs.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(`fuzz: ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    removeIfEmpty(folder);
  }
}

/** The folder stays where it holds an input that somebody has to look at. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not empty.
  }
}

process.exitCode = await main(process.argv.slice(2));
