import { withoutRegions } from '../emit/regions.ts';

/** Who runs the pipeline. */
export type CiSystem = 'gitlab' | 'github';

/** The scanners that a pipeline can ask, in the order of the help; the first is asked where none is named. */
export const scanners = ['trivy', 'grype', 'scout'] as const;

export type Scanner = (typeof scanners)[number];

/** What a pipeline is rendered from, beside its source. */
export type PipelineChoices = {
  scanner: Scanner;
  /** `REGISTRY/PATH`; undefined: the registry of the CI system, under the name of the project. */
  image: string | undefined;
  /** Bytes; undefined: the default of the source. */
  budget: number | undefined;
  /** The whole pipeline of a repository, where it otherwise is a part that another file includes or calls. */
  alone: boolean;
};

type System = {
  /** Name of the source in pipelines/. */
  source: string;
  /** Where the pipeline goes: as a part, and alone. */
  path: string;
  alonePath: string;
  /** How a part is used, for whoever has just written it. */
  use: (choices: PipelineChoices) => string;
};

export const ciSystems: Readonly<Record<CiSystem, System>> = {
  gitlab: {
    source: 'image.gitlab-ci.yml',
    path: '.gitlab/image.gitlab-ci.yml',
    alonePath: '.gitlab-ci.yml',
    use: () => `include it in .gitlab-ci.yml; its jobs join the stages test and deploy:

include:
  - local: .gitlab/image.gitlab-ci.yml`,
  },
  github: {
    source: 'image.workflow.yml',
    path: '.github/workflows/image.yml',
    alonePath: '.github/workflows/image.yml',
    use: ({ scanner, image }) => `call it from a workflow that runs on pushes and pull requests:

jobs:
  image:
    needs: [test] # what must hold before an image is pushed
    permissions: { contents: read, ${image === undefined ? 'packages: write, ' : ''}id-token: write }
    uses: ./.github/workflows/image.yml${image === undefined && scanner !== 'scout' ? '' : '\n    secrets: inherit'}`,
  },
};

/** The first line of a file that this command wrote begins so; no other file is written over. */
export const pipelineMark = '# Written by `go-sre pipeline ';

const versionWord = '0.0.0-template';
const budgetWord = '83886080';
const flagsWord = 'FLAGS';
const hostWord = 'REGISTRY_HOST';
const pathWord = 'IMAGE_PATH';

/** Where the pipeline of a system goes in the repository. */
export function pipelinePath(ci: CiSystem, { alone }: Pick<PipelineChoices, 'alone'>): string {
  return alone ? ciSystems[ci].alonePath : ciSystems[ci].path;
}

/**
 * The pipeline of one system, from its source in pipelines/. Pure.
 * @param version of the generator, which the pipeline gets from npm
 */
export function renderPipeline(
  ci: CiSystem,
  choices: PipelineChoices,
  source: string,
  version: string,
): string {
  const { scanner, image, budget, alone } = choices;
  const system = ciSystems[ci];
  const on = new Set([scanner, image === undefined ? 'own' : 'other', ...(alone ? ['alone'] : [])]);
  const text = withoutRegions(source, system.source, on);
  const words: [string, string][] = [[flagsWord, flagsOf(ci, choices)]];
  if (version !== versionWord) words.push([versionWord, version]);
  if (budget !== undefined) words.push([budgetWord, String(budget)]);
  if (image !== undefined) {
    const slash = image.indexOf('/');
    words.push([hostWord, image.slice(0, slash)], [pathWord, image.slice(slash + 1)]);
  }
  return words.reduce((filled, [word, value]) => replaced(filled, word, value, system.source), text);
}

/** The flags that give these choices, for the first line of the file. */
function flagsOf(ci: CiSystem, { scanner, image, budget, alone }: PipelineChoices): string {
  return [
    `--ci ${ci}`,
    ...(alone ? ['--alone'] : []),
    ...(scanner === scanners[0] ? [] : [`--scanner ${scanner}`]),
    ...(image === undefined ? [] : [`--image ${image}`]),
    ...(budget === undefined ? [] : [`--budget ${budget}`]),
  ].join(' ');
}

function replaced(text: string, word: string, value: string, source: string): string {
  if (!text.includes(word)) throw new Error(`pipelines/${source} has no ${word}`);
  return text.replaceAll(word, () => value);
}
