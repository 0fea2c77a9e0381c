import { type CreateAnswers, shellWord } from '../answers.ts';
import { buildTags, optionsOn } from '../emit/emit.ts';
import type { TemplateOption } from '../options.ts';
import { databaseWords, type Step, serverSteps } from '../server-steps.ts';

/** Where the steps are done. */
export type StepsPlace = {
  /** Folder that the user stands in. */
  cwd: string;
  /** Root of the clone when the command runs there by `npm run`: the steps name its scripts then. */
  clone?: string;
};

/** The words that run a script of the clone from any folder: its own paths resolve against the user's folder. */
export function cloneScript(clone: string, script: string): string {
  return `npm --prefix ${shellWord(clone)} run ${script} --`;
}

/** The steps from here to the first trace. */
export function nextSteps(
  answers: CreateAnswers,
  options: readonly TemplateOption[],
  { cwd, clone }: StepsPlace,
): Step[] {
  const { name, dir, port } = answers;
  const folder = dir.startsWith(`${cwd}/`) ? dir.slice(cwd.length + 1) : dir;
  const collector = clone === undefined ? 'npx -y go-sre-collector' : cloneScript(clone, 'collector');
  const older =
    clone === undefined
      ? ' (it needs Node 24; with an older Node: npx -y -p node@24 -p go-sre-collector go-sre-collector …)'
      : '';
  const database = databaseWords(answers.with, name);
  const goRun = `go run -tags ${buildTags(optionsOn(answers), options)} ./cmd/${name}`;
  return [
    ...(dir === cwd ? [] : [{ does: 'go there', run: `cd ${shellWord(folder)}` }]),
    ...serverSteps(answers.with, name, goRun),
    {
      does: answers.with.includes('http-client')
        ? 'run the service, every request traced; /shipping answers 503 until SHIPPING_URL names a service'
        : 'run the service, every request traced',
      run: `${database}OTEL_TRACES_SAMPLER=always_on LOG_FILE=${name}.log ${goRun}`,
    },
    {
      does: `in a second terminal, the collector: brings logs, metrics and traces together on http://localhost:4319${older}`,
      run: `cd ${shellWord(dir)} && ${collector} --scrape ${name}=localhost:${port + 1} --log-file ${name}=${name}.log`,
    },
    {
      does: 'in a third terminal, the first request: the service logs its trace_id, the collector shows its trace',
      run: `curl -i -d '{"item":"tea","quantity":2}' http://localhost:${port}/orders`,
    },
    {
      does: 'its metrics, with the trace ids as exemplars',
      run: `curl -H 'Accept: application/openmetrics-text' http://localhost:${port + 1}/metrics`,
    },
  ];
}
