import type { BuildContext } from '../../context.ts';
import type { Rule, Violation } from '../rule.ts';
import { type GoModule, modulesOf } from './facts/modules.ts';

const shownLines = 6;

/** Modules whose go.mod and go.sum do not say what the sources need. */
export const modUntidy: Rule = {
  code: 'mod-untidy',
  severity: 'error',
  title: 'go.mod and go.sum are tidy',
  what: 'The module that is built has a go.sum with the sums of every module that its go.mod requires, and `go mod tidy -diff` finds nothing to change. Where that cannot be asked (no sources, no go command, no network) nothing is said of it.',
  why: 'Without the sums the build fails, or takes whatever it is served; and what is untidy is resolved anew somewhere else than on the machine that was tested.',
  mend: 'Run `go mod tidy` and commit go.mod and go.sum.',
  link: 'https://go.dev/ref/mod#go-mod-tidy',
  *check(subject) {
    const { context } = subject;
    if (context === undefined) return;
    const modules = modulesOf(subject).filter(({ file }) => file.endsWith('go.mod'));
    let told = false;
    for (const violation of modules.flatMap((module) => sumProblem(module, context) ?? [])) {
      told = true;
      yield violation;
    }
    const { tidy } = context;
    if (told || tidy.state !== 'untidy' || !context.files.some((path) => path.endsWith('.go'))) return;
    const changed = tidy.diff.split('\n').filter((line) => /^[-+](?![-+]{2})\s*\S/.test(line));
    // The sums say nothing that the requirements do not.
    const telling = changed.filter((line) => !/ h1:\S+$/.test(line));
    const lines = telling.length > 0 ? telling : changed;
    const shown = lines.slice(0, shownLines).map((line) => line.trim());
    const more = lines.length > shown.length ? `, and ${lines.length - shown.length} more` : '';
    yield {
      file: modules[0]?.file ?? 'go.mod',
      line: 1,
      message: `go mod tidy would change ${shown.join(', ')}${more}.`,
    };
  },
};

function sumProblem(
  { file, folder, requires }: GoModule,
  { files, texts }: BuildContext,
): Violation | undefined {
  const first = requires[0];
  if (first === undefined) return undefined;
  const path = folder === '' ? 'go.sum' : `${folder}/go.sum`;
  // A build from vendor/ asks for no sums.
  if (files.includes(path.replace('go.sum', 'vendor/modules.txt'))) return undefined;
  if (!files.includes(path)) {
    return {
      file,
      line: first.line,
      message: `There is no ${path}, and ${file} requires ${first.path} ${first.version}.`,
    };
  }
  const text = texts.get(path);
  if (text === undefined) return undefined;
  const known = new Set(text.split('\n').map((line) => line.trim().split(/\s+/).slice(0, 2).join(' ')));
  const missing = requires.find(
    (one) => !known.has(`${one.path} ${one.version}`) && !known.has(`${one.path} ${one.version}/go.mod`),
  );
  if (missing === undefined) return undefined;
  return {
    file,
    line: missing.line,
    message: `${path} has no sum of ${missing.path} ${missing.version}, which ${file} requires.`,
  };
}
