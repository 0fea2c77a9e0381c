/** Files of objectives, in any format that is known -> services. */
import { groupedBy } from '../grouped-by.ts';
import type { Service } from '../slo.ts';
import { windowPlaceholder } from '../spec/expression.ts';
import { specSchema } from '../spec/keys.ts';
import { parseSpec } from '../spec/parse-spec.ts';
import { type Fields, type FileProblem, formatFileProblems, show } from '../spec/problems.ts';
import { limits, readDocuments, type SpecDocument } from './documents.ts';
import type { Draft, Place, SpecDefaults, Tell } from './draft.ts';
import { joinServices, type ReadService } from './join.ts';
import { readOpenSlo } from './openslo.ts';
import { openSloVersion } from './openslo-objects.ts';
import { readSloth, slothResource, slothVersion } from './sloth.ts';

export interface SpecFile {
  readonly file: string;
  readonly text: string;
}

export interface SpecsResult {
  /** Those that are right; with problems they are not all. Each name once, in the order of the files. */
  readonly services: readonly Service[];
  readonly problems: readonly FileProblem[];
  /** Sentences, with file, line and path, about what was read otherwise than it may have been meant. */
  readonly warnings: readonly string[];
}

/** A format: how its documents are told from others, and how those of all files become drafts. */
interface Format {
  readonly is: (fields: Fields) => boolean;
  readonly read: (documents: readonly SpecDocument[], tell: Tell, defaults: SpecDefaults) => readonly Draft[];
}

/** Our own stands last: what has objectives and names no other format is taken for it, and told what is missing. */
const formats: readonly Format[] = [
  { is: ({ apiVersion }) => apiVersion === openSloVersion, read: readOpenSlo },
  {
    is: ({ version, apiVersion, kind }) =>
      version === slothVersion || (apiVersion === slothResource.apiVersion && kind === slothResource.kind),
    read: (documents, tell, defaults) => documents.flatMap((one) => readSloth(one, tell, defaults) ?? []),
  },
  {
    is: ({ schema, slos, version }) => schema !== undefined || (slos !== undefined && version === undefined),
    read: (documents) => documents.map(own),
  },
];

/**
 * Reads the objectives of one file: JSON or YAML, several documents too, of our format, OpenSLO v1 or Sloth v1, which is told by
 * what stands there. Strict: every problem is listed with its line, its path and what to do.
 * @param file what problems and warnings call it
 * @param defaults what our format needs and the others do not say
 */
export function readSpecs(text: string, file: string, defaults: SpecDefaults = {}): SpecsResult {
  return readSpecFiles([{ file, text }], defaults);
}

/** Reads several files as one: they may refer to each other, and a service may stand in several. */
export function readSpecFiles(files: readonly SpecFile[], defaults: SpecDefaults = {}): SpecsResult {
  const problems: FileProblem[] = [];
  const notes = new Map<string, Note>();
  const note = (message: string, locate: () => FileProblem) => {
    const known = notes.get(message);
    if (known) known.more++;
    else notes.set(message, { first: locate(), more: 0 });
  };
  const report = (problem: FileProblem) => problems.push(problem);
  const tell: Tell = {
    problem: (place, message) => report(located(place, message)),
    warn: (place, message) => note(message, () => located(place, message)),
  };
  const documents = files.flatMap(({ file, text }) =>
    readDocuments(text, file, report, (one) => note(one.message, () => one)),
  );
  const drafts = draftsOf(documents, tell, defaults);
  const read = drafts.flatMap((draft) => parse(draft, tell) ?? []);
  const services = joinServices(read, tell);
  if (documents.length === 0 && problems.length === 0)
    for (const { file } of files) report({ file, path: '', message: 'holds nothing; write a spec into it' });
  return {
    services,
    problems: capped(inOrder(problems, files)),
    warnings: [...notes.values()].map(sentence),
  };
}

function draftsOf(documents: readonly SpecDocument[], tell: Tell, defaults: SpecDefaults): readonly Draft[] {
  const byFormat = groupedBy(documents, ({ value }) => formats.find(({ is }) => is(fieldsOf(value))));
  for (const document of byFormat.get(undefined) ?? [])
    tell.problem({ document, path: document.prefix }, unknownFormat(document.value));
  return formats.flatMap(({ read }, index) => {
    const own = byFormat.get(formats[index]);
    return own ? read(own, tell, defaults) : [];
  });
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function unknownFormat(value: unknown): string {
  const { apiVersion, version, kind } = fieldsOf(value);
  const named = apiVersion ?? version;
  const what =
    named === undefined ? '' : `${show(named)}${kind === undefined ? '' : ` ${show(kind)}`} is not read; `;
  return `${what}a spec begins with schema: ${specSchema} (ours), apiVersion: ${openSloVersion}, version: ${slothVersion} or apiVersion: ${slothResource.apiVersion} with kind: ${slothResource.kind}`;
}

/** Our own format is its own draft. */
function own(document: SpecDocument): Draft {
  const { prefix, value } = document;
  const placeOf = (path: string): Place => ({
    document,
    path: prefix === '' || path === '' ? prefix + path : `${prefix}.${path}`,
  });
  return { spec: value, place: placeOf(''), placeOf };
}

function parse(draft: Draft, tell: Tell): ReadService | undefined {
  const result = parseSpec(draft.spec);
  if (result.ok) return { service: result.service, draft };
  const { placeOf, placeholder = windowPlaceholder } = draft;
  for (const { path, message } of result.problems)
    tell.problem(placeOf(path), message.replaceAll(windowPlaceholder, placeholder));
  return undefined;
}

function located({ document, path }: Place, message: string): FileProblem {
  const line = document.lineOf(path);
  return { file: document.file, ...(line === undefined ? {} : { line }), path, message };
}

/** From the top of each file to its end. */
function inOrder(problems: readonly FileProblem[], files: readonly SpecFile[]): readonly FileProblem[] {
  const order = new Map(files.map(({ file }, index) => [file, index]));
  const of = ({ file }: FileProblem) => order.get(file) ?? 0;
  return problems.toSorted((a, b) => of(a) - of(b) || (a.line ?? 0) - (b.line ?? 0));
}

function capped(problems: readonly FileProblem[]): readonly FileProblem[] {
  const over = problems.length - limits.problems;
  if (over <= 0) return problems;
  const last = problems[limits.problems]!;
  return [
    ...problems.slice(0, limits.problems),
    { file: last.file, path: '', message: `and ${over} more problems` },
  ];
}

/** A warning that is said once, and in how many more places it holds. */
interface Note {
  readonly first: FileProblem;
  more: number;
}

function sentence({ first, more }: Note): string {
  return `${formatFileProblems([first])}${more === 0 ? '' : ` (and ${more} more)`}`;
}
