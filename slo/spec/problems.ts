import { nearest } from '../nearest.ts';

/** One fault of a spec: where (`slos[2].objective`, empty for the whole text) and what to do. */
export interface SpecProblem {
  readonly path: string;
  readonly message: string;
}

/** A fault in one of several files; `line`, from 1, where it is known. */
export interface FileProblem extends SpecProblem {
  readonly file: string;
  readonly line?: number;
}

export type Fields = Readonly<Record<string, unknown>>;
export type Report = (path: string, message: string) => void;

/** The problems as lines for a terminal: `slo.json: slos[0].id: …`. `file` is shown as it is given. */
export function formatProblems(file: string, problems: readonly SpecProblem[]): string {
  return problems.map((p) => `${file}: ${p.path === '' ? '' : `${p.path}: `}${p.message}`).join('\n');
}

/** The same for problems that name their files: `slos.yaml:14: slos[0].id: …`. */
export function formatFileProblems(problems: readonly FileProblem[]): string {
  return problems
    .map(({ file, line, ...p }) => formatProblems(line === undefined ? file : `${file}:${line}`, [p]))
    .join('\n');
}

/** The longest text of a spec that is no expression. */
export const maxTextLength = 256;

/** An object whose keys are all among `keys`; reports those that are not. */
export function readObject(
  value: unknown,
  path: string,
  keys: readonly string[],
  report: Report,
): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report(path, notA(value, 'an object'));
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    const meant = nearest(key, keys);
    const advice = meant ? `did you mean "${meant}"?` : `known are ${keys.join(', ')}`;
    report(join(path, key), `unknown key; ${advice}`);
  }
  return value as Fields;
}

export function readText(fields: Fields, key: string, path: string, report: Report): string | undefined {
  const value = fields[key];
  if (typeof value === 'string' && value.trim() !== '' && value.length <= maxTextLength) return value;
  report(join(path, key), notA(value, `a text of 1 to ${maxTextLength} characters`));
  return undefined;
}

/** A text that may be absent. */
export function readOptional(fields: Fields, key: string, path: string, report: Report): string | undefined {
  return fields[key] === undefined ? undefined : readText(fields, key, path, report);
}

/** One of a closed set of words. */
export function readWord<W extends string>(
  value: unknown,
  path: string,
  words: readonly W[],
  report: Report,
): W | undefined {
  if (words.includes(value as W)) return value as W;
  const meant = typeof value === 'string' ? nearest(value, words) : undefined;
  const known = words.map((word) => `"${word}"`).join(' or ');
  report(path, `${notA(value, known)}${meant ? `; did you mean "${meant}"?` : ''}`);
  return undefined;
}

/** A list of at least one and at most `most` texts that differ. */
export function readList(value: unknown, path: string, most: number, report: Report): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > most) {
    report(path, notA(value, `a list of 1 to ${most} texts`));
    return [];
  }
  return value.filter((item, index): item is string => {
    const at = `${path}[${index}]`;
    if (typeof item !== 'string' || item.trim() === '' || item.length > maxTextLength) {
      report(at, notA(item, `a text of 1 to ${maxTextLength} characters`));
      return false;
    }
    const first = value.indexOf(item);
    if (first < index) report(at, `${show(item)} is also ${path}[${first}]; name it once`);
    return first === index;
  });
}

/** Reports a runbook that is neither a URL nor a path. */
export function checkRunbook(runbook: string | undefined, path: string, report: Report): void {
  if (runbook !== undefined && /\s/.test(runbook))
    report(path, `${show(runbook)} is neither a URL nor a path; it must hold no space`);
}

/** Whether a text is as a pattern of the table of keys says. */
export function matching(text: string, pattern: string): boolean {
  return new RegExp(pattern).test(text);
}

export function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

export function notA(value: unknown, expected: string): string {
  return value === undefined ? `is missing; it must be ${expected}` : `${show(value)} is not ${expected}`;
}

/** A value as it stands in the file, shortened. */
export function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : written(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function written(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Nested so deeply that it cannot be written.
    return Array.isArray(value) ? '[…' : '{…';
  }
}
