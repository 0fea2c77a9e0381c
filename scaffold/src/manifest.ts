import { type Answers, defaultRouter } from './answers.ts';
import { failed } from './errors.ts';
import { sha256 } from './sha256.ts';

/** Where the emitted service keeps who made it, from which answers. */
export const manifestPath = '.go-sre/manifest.json';

/** Where it keeps the files as they were emitted, the base of the next update's merge. */
export const basePath = '.go-sre/base.tar.gz';

/** What the manifest holds. */
export type Manifest = {
  /** `create-go-sre-service@VERSION` */
  generator: string;
  answers: Answers;
  /** Path -> SHA-256 of the file as it was emitted, or in ops/ as it was last rendered; lower-case hex. */
  files: Readonly<Record<string, string>>;
};

/** The version of the generator that made the service. */
export function generatorVersion({ generator }: Manifest): string {
  return generator.slice(generator.lastIndexOf('@') + 1);
}

/** The folder of what is rendered from slo.json. */
export const opsPrefix = 'ops/';

const remedy = 'Take it back from version control.';

/** The manifest's text. */
export function renderManifest({ generator, answers, files }: Manifest): string {
  const { name, module, port, router, ci, render = {}, specs = [] } = answers;
  const written = {
    ...{ name, module, port, router, with: [...answers.with], ci: [...ci] },
    ...(Object.keys(render).length > 0 && { render: sorted(render) }),
    ...(specs.length > 0 && { specs: [...specs] }),
  };
  return `${JSON.stringify({ generator, answers: written, files }, null, 2)}\n`;
}

/** The same choices give the same text, in whatever order they were made. */
function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The manifest once these files of ops/ are rendered: one that still has its sum was not edited by hand.
 * @param gone paths of files that are rendered no more and no longer there
 */
export function withRendered(
  manifest: Manifest,
  rendered: ReadonlyMap<string, Uint8Array>,
  gone: readonly string[] = [],
): Manifest {
  const sums = [...rendered].map(([path, bytes]) => [path, sha256(bytes)]);
  const left = Object.entries(manifest.files).filter(([path]) => !gone.includes(path));
  return { ...manifest, files: Object.fromEntries([...left, ...sums]) };
}

/**
 * Reads a manifest strictly: unknown keys are refused; one from before there was a choice of router and CI has
 * neither, and reads as net/http without CI.
 * @param file what the problems call it
 * @throws CliError (exit code 1) that lists every problem with its path
 */
export function parseManifest(text: string, file = manifestPath): Manifest {
  const problems: string[] = [];
  const manifest = object(json(text, file), 'it', ['generator', 'answers', 'files'], problems);
  const read: Manifest = {
    generator: string(manifest.generator, 'generator', problems),
    answers: parseAnswers(manifest.answers, problems),
    files: texts(manifest.files, 'files', problems),
  };
  if (problems.length === 0) return read;
  throw failed(
    `${file} is not as it was written:\n${problems.map((problem) => `  ${problem}`).join('\n')}\n${remedy}`,
  );
}

function parseAnswers(value: unknown, problems: string[]): Answers {
  const keys = ['name', 'module', 'port', 'router', 'with', 'ci', 'render', 'specs'];
  const answers = object(value, 'answers', keys, problems);
  const { port, router = defaultRouter, ci = [] } = answers;
  if (!Number.isSafeInteger(port)) problems.push('answers.port is not a whole number');
  return {
    name: string(answers.name, 'answers.name', problems),
    module: string(answers.module, 'answers.module', problems),
    port: Number(port),
    router: string(router, 'answers.router', problems),
    with: strings(answers.with, 'answers.with', problems),
    ci: strings(ci, 'answers.ci', problems),
    ...(answers.render !== undefined && { render: texts(answers.render, 'answers.render', problems) }),
    ...(answers.specs !== undefined && { specs: strings(answers.specs, 'answers.specs', problems) }),
  };
}

function json(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw failed(`${file} is no JSON: ${error instanceof Error ? error.message : error}. ${remedy}`);
  }
}

function object(
  value: unknown,
  path: string,
  keys: readonly string[] | undefined,
  problems: string[],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push(`${path} is not an object`);
    return {};
  }
  const unknown = Object.keys(value).filter((key) => keys !== undefined && !keys.includes(key));
  for (const key of unknown) problems.push(`${path === 'it' ? '' : `${path}.`}${key} is an unknown key`);
  return value as Record<string, unknown>;
}

function string(value: unknown, path: string, problems: string[]): string {
  if (typeof value === 'string') return value;
  problems.push(`${path} is not a text`);
  return '';
}

function texts(value: unknown, path: string, problems: string[]): Record<string, string> {
  const read = Object.entries(object(value, path, undefined, problems)).map(([key, text]) => [
    key,
    string(text, `${path}[${JSON.stringify(key)}]`, problems),
  ]);
  return Object.fromEntries(read);
}

function strings(value: unknown, path: string, problems: string[]): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  problems.push(`${path} is not a list of texts`);
  return [];
}
