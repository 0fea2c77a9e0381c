import { resolve } from 'node:path';
import {
  ageInDays,
  type BaseImages,
  imageRules,
  isDay,
  OLD_AFTER_DAYS,
  parseBaseImages,
  type RuleCard,
  rules,
  type Severity,
  severities,
  shippedBaseImages,
} from '../../../images/index.ts';
import { command, type GoSreDeps } from '../command.ts';
import { readIfThere } from '../disk.ts';
import { usage } from '../errors.ts';
import { listed } from '../flags.ts';
import { explain, listRules } from './cards.ts';
import { fails, type GateConfig, readGateConfig } from './config.ts';
import type { GoFacts } from './go-facts.ts';
import { type Answer, judge, type Question } from './judge.ts';
import { mend } from './mend.ts';
import { reportFlags, reportFormat, tellFindings } from './output.ts';
import { findTargets, type Target } from './targets.ts';

const flags = {
  recursive: { type: 'boolean', short: 'r', does: 'look for Dockerfiles below the folder too' },
  context: {
    type: 'string',
    value: 'DIR',
    does: 'folder that is sent to the build (default: that of the Dockerfile)',
  },
  config: {
    type: 'string',
    value: 'FILE',
    does: 'rules to ignore or weigh otherwise (default: .go-sre-check.yaml or .hadolint.yaml in the context)',
  },
  ignore: { type: 'string', multiple: true, value: 'CODE', does: 'do not ask this rule, repeatable' },
  'fail-on': {
    type: 'string',
    value: 'SEVERITY',
    does: `exit with 1 from this severity on: ${severities.join(', ')} (default: style, which is any finding)`,
  },
  fix: { type: 'boolean', does: 'mend what can be mended for certain, then tell what is left' },
  ...reportFlags,
  explain: { type: 'string', value: 'CODE', does: 'print the card of a rule: what, why, how to mend' },
  list: { type: 'boolean', does: 'list all rules' },
  offline: { type: 'boolean', does: 'run no go command, which may download modules' },
  today: { type: 'string', value: 'DATE', does: 'judge as on this day, YYYY-MM-DD' },
  'eol-data': {
    type: 'string',
    value: 'FILE',
    does: "newer dates of the bases' ends of life, in the form of those that come with this command",
  },
} as const;

type Values = {
  -readonly [Name in keyof typeof flags]?:
    | ((typeof flags)[Name]['type'] extends 'boolean' ? boolean : Name extends 'ignore' ? string[] : string)
    | undefined;
};

const dockerfileCodes = new Set(rules.map(({ code }) => code));
/** What is told of a rule: those about Dockerfiles, and behind them those that only an image can break. */
const cards: ReadonlyMap<string, RuleCard> = new Map(
  [...rules, ...imageRules.filter(({ code }) => !dockerfileCodes.has(code))].map((rule) => [rule.code, rule]),
);

/** `go-sre check`. */
export const check = command({
  name: 'check',
  takes: '[PATH …]',
  summary: 'Audits Dockerfiles, their .dockerignore and their context, before anything is built.',
  details: `
PATH is a folder with a Dockerfile, a Dockerfile, or - for standard input (default: the current folder).
Comments switch rules off: "# go-sre ignore=CODE" or "# hadolint ignore=CODE" above an instruction,
"# go-sre global ignore=CODE" for the whole file.`,
  exits: 'Exit codes: 0 clean, 1 findings or failed, 2 wrong usage.',
  flags,
  run: async (values, positionals, deps) => {
    if (values.list || values.explain !== undefined) {
      deps.stdout.write(values.explain === undefined ? listRules(cards) : explain(values.explain, cards));
      return 0;
    }
    const format = reportFormat(values);
    const questions = await readQuestions(values, positionals, deps);
    const go = new Map<string, GoFacts>();
    const answers: Answer[] = [];
    for (const question of questions) {
      const answer = await judge(question, go, deps);
      answers.push(values.fix ? await mendAll(answer, deps) : answer);
    }
    const findings = answers.flatMap((answer) => answer.findings);
    await tellFindings(findings, metaOf(answers, deps.version), { format, file: values.output }, deps);
    return answers.some(failing) ? 1 : 0;
  },
});

/** A line is mended once a round, and one mend may make room for the next. */
const maxRounds = 10;

async function mendAll(answer: Answer, deps: GoSreDeps): Promise<Answer> {
  const told = new Set<string>();
  for (let round = 0; round < maxRounds; round++) {
    const written = await mend(answer, deps);
    if (written.length === 0) break;
    for (const file of written) told.add(file);
    answer = await judge(answer.question, new Map(), deps);
  }
  for (const file of told) deps.stderr.write(`go-sre: mended ${file}\n`);
  return answer;
}

async function readQuestions(values: Values, words: readonly string[], deps: GoSreDeps): Promise<Question[]> {
  const { recursive = false, context, offline = false } = values;
  const failOn = readSeverity(values['fail-on']);
  const today = readDay(values.today, deps.now);
  const baseImages = await readEolData(values['eol-data'], deps);
  const ignored = knownCodes(listed(values.ignore ?? []));
  const targets = await findTargets(words, { recursive, context }, deps);
  const questions: Question[] = [];
  for (const target of targets) {
    const config = await configOf(values.config, target, deps);
    const weighed = new Map([...config.severities, ...ignored.map((code) => [code, 'off'] as const)]);
    const own = { ...config, severities: weighed, failOn: failOn ?? config.failOn };
    questions.push({ target, config: own, today, baseImages, offline });
  }
  return questions;
}

function configOf(named: string | undefined, { context }: Target, deps: GoSreDeps): Promise<GateConfig> {
  const file = named === undefined ? undefined : resolve(deps.cwd, named);
  return readGateConfig(file, context ?? deps.cwd, [...cards.keys()], deps.disk);
}

function failing({ findings, question }: Answer): boolean {
  return findings.some(({ severity }) => fails(severity, question.config.failOn));
}

function readSeverity(text: string | undefined): Severity | undefined {
  if (text === undefined) return undefined;
  const found = severities.find((severity) => severity === text);
  if (found !== undefined) return found;
  throw usage(`--fail-on is one of ${severities.join(', ')}, not ${JSON.stringify(text)}.`);
}

function readDay(text: string | undefined, now: () => number): string {
  if (text === undefined) return new Date(now()).toISOString().slice(0, 10);
  if (!isDay(text)) throw usage(`--today is a day like 2026-11-26, not ${JSON.stringify(text)}.`);
  return text;
}

async function readEolData(file: string | undefined, { disk, cwd }: GoSreDeps): Promise<BaseImages> {
  if (file === undefined) return shippedBaseImages;
  const bytes = await readIfThere(resolve(cwd, file), disk);
  if (bytes === undefined) throw usage(`There is no ${file}. --eol-data names a JSON file of ends of life.`);
  const parsed = parseBaseImages(bytes.toString());
  if (parsed.ok) return parsed.value;
  throw usage(`${file} is not right:\n${parsed.problems.map((problem) => `  ${problem}`).join('\n')}`);
}

function knownCodes(codes: readonly string[]): readonly string[] {
  const unknown = codes.find((code) => !cards.has(code) && !/^SC\d{4}$/.test(code));
  if (unknown === undefined) return codes;
  throw usage(`--ignore ${unknown}: there is no such rule. go-sre check --list names all.`);
}

function metaOf(answers: readonly Answer[], version: string) {
  const notes = answers.flatMap((answer) => [...dataNotes(answer.question), ...answer.notes]);
  return {
    ...{ version, cards, checked: answers.length },
    sources: new Map(answers.flatMap(({ sources }) => [...sources])),
    ignored: answers.reduce((sum, { ignored }) => sum + ignored, 0),
    notes: [...new Set(notes)],
  };
}

function dataNotes({ baseImages, today }: Question): string[] {
  const age = ageInDays(baseImages, today);
  if (age <= OLD_AFTER_DAYS) return [];
  return [
    `the ends of life of base images are as of ${baseImages.made}, ${age} days ago, and newer releases are missing. Update go-sre, or give --eol-data.`,
  ];
}
