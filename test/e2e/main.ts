// npm run e2e -- NAME: one long run of real programs, and last a line that a program reads.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killAll } from '../../bench/processes.ts';
import { renderTable } from '../../bench/report.ts';
import { nearest } from '../../slo/index.ts';
import { runSenders } from '../senders/run.ts';
import { senders } from '../senders/table.ts';
import type { E2eRun } from './run.ts';
import { runSlo, parts as sloParts } from './slo/run.ts';

const runs: Readonly<Record<string, E2eRun>> = {
  senders: {
    question: 'is everything in the store that the SDKs of four languages and telemetrygen send?',
    parts: Object.keys(senders),
    run: runSenders,
  },
  slo: {
    question: 'does a fault of an emitted service reach who is on call, once, and does every panel answer?',
    parts: [...sloParts],
    run: runSlo,
  },
};

const usage = `npm run e2e -- NAME [flags]

${Object.entries(runs)
  .map(
    ([name, { question, parts }]) =>
      `  ${name.padEnd(12)} ${question}\n${' '.repeat(15)}parts: ${parts.join(', ')}`,
  )
  .join('\n')}

  --skip PART  leave this part out, because this machine cannot have it; repeatable
  --help

What the parts need is got into the cache of \`npm run tools\` the first time, which takes minutes.
The last line is RESULT {"bench":NAME,"figures":{…}}.
Exit codes: 0 all went well or help, 1 something was lost or a part cannot be had, 2 wrong usage.
`;

const flags = {
  skip: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

interface Request {
  name: string;
  run: E2eRun;
  skip: string[];
}

/** @throws Error that says which word of the command line is wrong */
function parse(argv: readonly string[]): Request | undefined {
  const { values, positionals } = parseArgs({ args: [...argv], options: flags, allowPositionals: true });
  const [name, ...more] = positionals;
  if (values.help || (name === undefined && argv.length === 0)) return undefined;
  if (name === undefined) throw new Error('NAME is missing');
  if (more.length > 0) throw new Error(`one NAME is expected, ${more[0]} is a second one`);
  const run = runs[name];
  if (!run) throw new Error(`there is no run ${name}.${meant(name, Object.keys(runs))}`);
  const { skip = [] } = values;
  for (const part of skip) {
    if (!run.parts.includes(part)) throw new Error(`${name} has no part ${part}.${meant(part, run.parts)}`);
  }
  return { name, run, skip };
}

function meant(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : ` Did you mean ${near}?`;
}

async function main(argv: readonly string[]): Promise<number> {
  let request: Request | undefined;
  try {
    request = parse(argv);
  } catch (error) {
    console.error(`e2e: ${error instanceof Error ? error.message : error}\nSee npm run e2e -- --help.`);
    return 2;
  }
  if (request === undefined) {
    console.log(usage);
    return 0;
  }
  const { name, run, skip } = request;
  const cancel = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => cancel.abort());
  cancel.signal.addEventListener('abort', killAll);
  const folder = mkdtempSync(join(tmpdir(), `go-sre-e2e-${name}-`));
  console.log(`${name}: ${run.question}`);
  try {
    const tell = (line: string) => console.error(`# ${line}`);
    const { tables, problems, figures, passed } = await run.run({
      folder,
      signal: cancel.signal,
      skip,
      tell,
    });
    for (const table of tables) console.log(renderTable(table));
    for (const problem of problems) console.log(`- ${problem}`);
    console.log(`RESULT ${JSON.stringify({ bench: name, figures })}`);
    return passed ? 0 : 1;
  } catch (error) {
    console.error(`e2e: ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
