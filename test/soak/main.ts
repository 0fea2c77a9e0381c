// npm run soak -- NAME: hours in the life of a collector in some minutes, and last a line that a program reads.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest } from '../../slo/index.ts';
import { type KillResult, soakKill } from './kill.ts';
import { soakTail } from './tail.ts';

const SOAKS: Readonly<Record<string, string>> = {
  kill: 'kill -9 at random moments under load: nothing acknowledged is lost, nothing is there twice',
  tail: 'a log that is rotated all the time, read by many short lives: every line is there once',
};

const usage = `npm run soak -- NAME [flags]

${Object.entries(SOAKS)
  .map(([name, question]) => `  ${name.padEnd(8)} ${question}`)
  .join('\n')}

  --kills N  how often the collector is killed (default 200)
  --seed N   of the moments (default: the time, printed)
  --collector FILE  kill: its entry, such as a dist/main.js that was built (default: the source)
  --keep     leave the store and the logs where they are, even when nothing is wrong
  --help

The last line is RESULT {"bench":NAME,"figures":{…}}.
Exit codes: 0 nothing lost or doubled, 1 something was (the folder is printed), 2 wrong usage.
`;

const flags = {
  kills: { type: 'string' },
  seed: { type: 'string' },
  collector: { type: 'string' },
  keep: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const SOURCE = new URL('../../collector/main.ts', import.meta.url).pathname;

interface Request {
  name: string;
  kills: number;
  seed: number;
  main: string;
  keep: boolean;
}

/** @throws Error that says which word of the command line is wrong */
function parse(argv: readonly string[]): Request | undefined {
  const { values, positionals } = parseArgs({ args: [...argv], options: flags, allowPositionals: true });
  const [name, ...more] = positionals;
  if (values.help || name === undefined) return undefined;
  if (more.length > 0) throw new Error(`one NAME is expected, ${more[0]} is a second one`);
  if (!Object.hasOwn(SOAKS, name)) {
    const near = nearest(name, Object.keys(SOAKS));
    throw new Error(`there is no soak ${name}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
  }
  if (name === 'tail' && values.collector !== undefined)
    throw new Error('--collector is for kill: tail runs the receiver of the source alone');
  const kills = values.kills === undefined ? 200 : whole('kills', values.kills);
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : whole('seed', values.seed);
  const from = process.env['INIT_CWD'] ?? process.cwd();
  const main = values.collector === undefined ? SOURCE : resolve(from, values.collector);
  return { name, kills, seed, main, keep: values.keep === true };
}

function whole(flag: string, text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new Error(`--${flag} ${text}: a whole number from 1 on`);
  return value;
}

type Result = Pick<KillResult, 'kills' | 'losses' | 'doubled' | 'notes'> & Partial<KillResult>;

function tell({ phases = {} as KillResult['phases'], sent = {}, notes }: Result): void {
  for (const [phase, { kills, hit }] of Object.entries(phases)) {
    console.log(`${phase.padEnd(16)} ${String(kills).padStart(8)} kills, ${hit} of them in it`);
  }
  for (const [what, count] of Object.entries(sent)) {
    console.log(`${what.padEnd(16)} ${count.toLocaleString('en-US').padStart(12)}`);
  }
  for (const note of notes) console.log(`- ${note}`);
}

async function run({ name, kills, seed, main, keep }: Request): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), `go-sre-soak-${name}-`));
  console.log(`${name}: ${SOAKS[name]} (seed ${seed})`);
  let wrong = true;
  try {
    const settings = { kills, seed, folder, main, tell: (line: string) => console.error(`# ${line}`) };
    const result: Result = name === 'tail' ? await soakTail(settings) : await soakKill(settings);
    tell(result);
    const figures = { kills: result.kills, losses: result.losses, doubled: result.doubled };
    console.log(`RESULT ${JSON.stringify({ bench: name, figures })}`);
    wrong = result.losses + result.doubled > 0;
    return wrong ? 1 : 0;
  } catch (error) {
    console.error(`soak: ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    if (wrong || keep) console.log(`left as it is: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

async function main(argv: readonly string[]): Promise<number> {
  let request: Request | undefined;
  try {
    request = parse(argv);
  } catch (error) {
    console.error(`soak: ${error instanceof Error ? error.message : error}\nSee npm run soak -- --help.`);
    return 2;
  }
  if (request === undefined) {
    console.log(usage);
    return 0;
  }
  return run(request);
}

// Sockets to a collector that was killed may linger.
process.exit(await main(process.argv.slice(2)));
