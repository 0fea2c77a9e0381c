import { isDay, judgeReports } from '../../../images/index.ts';
import { command, type GoSreDeps } from '../command.ts';
import { usage } from '../errors.ts';
import { readReports, readWaivers } from '../image/cve-files.ts';
import { readTarget } from '../image/read-target.ts';
import { readCount } from '../image/size-words.ts';
import { writeOneFile } from '../image/write-one.ts';
import { type Comparison, comparisonAsJson } from './comparison.ts';
import { readHealth } from './health.ts';
import { type Contender, startTimes, type TimesOptions } from './start-times.ts';
import { renderSvg } from './svg.ts';
import { renderComparison } from './text.ts';

const maxRuns = 100;

/** `go-sre compare`. */
export const compare = command({
  name: 'compare',
  takes: 'A B',
  summary: 'Sets two images side by side: size, time from start to the first healthy answer, known holes.',
  details: `
  go-sre compare shop:single-stage shop:1.0 --health http://localhost:8081/readyz
  go-sre compare shop:0.9 shop:1.0 --cve-a old.json --cve-b new.json --svg compare.svg

A and B are images of the engine, tars of docker save or OCI layouts, as go-sre check image takes them. Only an image
of the engine is started: in turn with the other, after one run of each that does not count, from docker start until
--health, or else the image's HEALTHCHECK, or else its first exposed port answers. Each container is removed again.`,
  exits: 'Exit codes: 0 done, 1 failed, 2 wrong usage, 130 cancelled.',
  flags: {
    runs: { type: 'string', value: 'N', does: 'starts of each image that count (default: 5); 0 starts none' },
    health: {
      type: 'string',
      value: 'URL',
      does: 'what answers when it is healthy; the port inside of the container',
    },
    env: { type: 'string', value: 'KEY=VALUE', multiple: true, does: 'for the containers; may be repeated' },
    timeout: { type: 'string', value: 'SECONDS', does: 'for each start (default: 60)' },
    'cve-a': {
      type: 'string',
      value: 'FILE',
      multiple: true,
      does: "a scanner's report of A; may be repeated",
    },
    'cve-b': { type: 'string', value: 'FILE', multiple: true, does: 'likewise of B' },
    waivers: { type: 'string', value: 'FILE', does: 'known holes that do not count until a day' },
    platform: {
      type: 'string',
      value: 'OS/ARCH',
      does: 'of several (default: linux/amd64, or the only one)',
    },
    svg: { type: 'string', value: 'FILE', does: 'write a chart' },
    json: { type: 'boolean', does: 'print one JSON object' },
    today: { type: 'string', value: 'DAY', does: 'the day that waivers are judged on (default: today)' },
  },
  run: async (values, positionals, deps) => {
    const [first, second] = twoTargets(positionals);
    const options = readOptions(values);
    const verdicts = await readVerdicts(values, deps);
    // Read once: whoever asks for the signal has to end by it.
    const { signal } = deps;
    const reading: GoSreDeps = { ...withoutSignal(deps), signal };
    const wish = { name: undefined, platform: values.platform };
    const read = (target: string) => readTarget(target, wish, reading, Number.POSITIVE_INFINITY);
    const a: Contender = { target: first, ...(await read(first)) };
    const b: Contender = { target: second, ...(await read(second)) };
    const [startA, startB] =
      options.runs === 0
        ? [notWanted, notWanted]
        : await startTimes([a, b], options, { ...reading, dockerHost: deps.env['DOCKER_HOST'] });
    const comparison: Comparison = {
      a: { ...a, start: startA, vulnerabilities: verdicts.a },
      b: { ...b, start: startB, vulnerabilities: verdicts.b },
    };
    if (values.svg !== undefined) await writeOneFile(values.svg, renderSvg(comparison), deps);
    deps.stdout.write(
      values.json ? `${JSON.stringify(comparisonAsJson(comparison))}\n` : renderComparison(comparison),
    );
    return 0;
  },
});

const notWanted = { notMeasured: '--runs 0 starts none' };

/** A spread would read the getter once more, and what it starts is not to be started twice. */
function withoutSignal(deps: GoSreDeps): Omit<GoSreDeps, 'signal'> {
  const { version, disk, readTemplate, git, run, env, now, fetch, stdin, stdout, stderr, cwd } = deps;
  return { version, disk, readTemplate, git, run, env, now, fetch, stdin, stdout, stderr, cwd };
}

function twoTargets(positionals: readonly string[]): [string, string] {
  const [a, b, more] = positionals;
  if (a === undefined || b === undefined) {
    throw usage('Two images are compared. Try: go-sre compare shop:0.9 shop:1.0');
  }
  if (more !== undefined) throw usage(`Two images are compared, ${JSON.stringify(more)} is more.`);
  return [a, b];
}

type OptionWords = {
  runs?: string | undefined;
  health?: string | undefined;
  timeout?: string | undefined;
  env?: readonly string[] | undefined;
};

function readOptions({ runs, health, timeout, env = [] }: OptionWords): TimesOptions {
  const count = readCount(runs, 'runs') ?? 5;
  if (count > maxRuns) throw usage(`--runs is at most ${maxRuns}, not ${count}.`);
  const seconds = readCount(timeout, 'timeout') ?? 60;
  if (seconds < 1 || seconds > 3600) throw usage(`--timeout is from 1 to 3600 seconds, not ${seconds}.`);
  const wrong = env.find((variable) => !/^[A-Za-z_][\w.-]*=/.test(variable));
  if (wrong !== undefined) throw usage(`--env is KEY=VALUE, not ${JSON.stringify(wrong)}.`);
  return {
    runs: count,
    probe: health === undefined ? undefined : readHealth(health),
    env,
    timeoutMs: seconds * 1000,
  };
}

type CveWords = {
  'cve-a'?: readonly string[] | undefined;
  'cve-b'?: readonly string[] | undefined;
  waivers?: string | undefined;
  today?: string | undefined;
};

async function readVerdicts(values: CveWords, deps: GoSreDeps) {
  const today = values.today ?? new Date(deps.now()).toISOString().slice(0, 10);
  if (!isDay(today)) throw usage(`--today is a day like 2026-11-26, not ${JSON.stringify(today)}.`);
  const waivers = await readWaivers(values.waivers, deps);
  const of = async (flag: 'cve-a' | 'cve-b') => {
    const files = values[flag];
    if (files === undefined) return undefined;
    return judgeReports(await readReports(files, flag, deps), { waivers, maxima: {}, today });
  };
  return { a: await of('cve-a'), b: await of('cve-b') };
}
