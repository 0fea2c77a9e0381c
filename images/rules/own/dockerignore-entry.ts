import type { BuildContext } from '../../context.ts';
import { type Ignore, isIgnored, parseIgnore } from '../../ignore/dockerignore.ts';
import type { Rule, Subject, Violation } from '../rule.ts';
import { embeddedNotes } from './facts/embeds.ts';
import { envOf, goRunsOf } from './facts/go-runs.ts';
import { contextSources, modulesOf } from './facts/modules.ts';
import { isSecretInTree } from './facts/secret-files.ts';
import { type Step, stepsOf } from './facts/steps.ts';

/** Ignore files that let in what no build needs, or keep out what this one needs. */
export const dockerignoreEntry: Rule = {
  code: 'dockerignore-entry',
  severity: 'warning',
  title: 'The ignore file keeps out what it must, and go.sum stays',
  what: 'The ignore file keeps out .git, node_modules, Dockerfile*, and vendor and *.md unless the build reads them (-mod=vendor, vendor/modules.txt, COPY, //go:embed), and every file of secrets that lies there. An allow-list (`*`, then `!` for what is needed) does all of it. go.mod and go.sum are not kept out, nor is what COPY names.',
  why: 'Each of them changes the context without changing the program, so that layers are built anew; the history and secrets end up in the image. Without go.sum the build fails, or checks nothing.',
  mend: 'Add the lines that are named; a line with `!` behind them lets something in again.',
  link: 'https://docs.docker.com/build/concepts/context/#dockerignore-files',
  *check(subject) {
    const { context } = subject;
    const text = context?.dockerignore === undefined ? undefined : context.texts.get(context.dockerignore);
    if (context === undefined || text === undefined) return;
    const ignore = parseIgnore(text);
    const missing = required(subject, context, ignore).filter(
      ({ probes }) => !probes.some((path) => isIgnored(ignore, path)),
    );
    if (missing.length > 0)
      yield missingEntries(
        context,
        text,
        missing.map(({ entry }) => entry),
      );
    yield* keptOut(subject, context, ignore);
  },
};

type Entry = {
  /** The line that would do it. */
  entry: string;
  /** Keeping out one of these is enough. */
  probes: readonly string[];
};

function required(subject: Subject, context: BuildContext, ignore: Ignore): Entry[] {
  const steps = subject.build.stages.flatMap((stage) => stepsOf(subject, stage));
  const sources = new Set(steps.flatMap(contextSources));
  const reads = (pattern: RegExp) => [...sources].some((source) => pattern.test(source));
  const entries: Entry[] = [];
  if (!reads(/^\.git(?:\/|$)/)) entries.push({ entry: '.git', probes: ['.git', '.git/config'] });
  if (!reads(/^node_modules(?:\/|$)/))
    entries.push({ entry: 'node_modules', probes: ['node_modules/a/b.js'] });
  if (!readsVendor(steps, sources, context)) entries.push({ entry: 'vendor', probes: ['vendor/a/b.go'] });
  if (!reads(/\.md$/i) && embeddedNotes(context, ignore).length === 0)
    entries.push({ entry: '*.md', probes: notes(context) });
  if (!reads(/(?:^|\/)Dockerfile/))
    entries.push({ entry: 'Dockerfile*', probes: [context.dockerfile, 'Dockerfile'] });
  const secrets = context.files.filter((path) => isSecretInTree(path) && !sources.has(path));
  return [...entries, ...secrets.slice(0, 20).map((path) => ({ entry: path, probes: [path] }))];
}

/** A name that no `!README.md` lets in again. */
function notes({ files }: BuildContext): string[] {
  const there = files.filter((path) => /^[^/]+\.md$/i.test(path));
  return ['some-notes.md', ...(there.length === 1 ? there : [])];
}

/** By -mod=vendor or by a COPY of it; the go command takes a vendor folder by itself unless modules are downloaded. */
function readsVendor(steps: readonly Step[], sources: ReadonlySet<string>, { files }: BuildContext): boolean {
  if ([...sources].some((source) => /^vendor(?:\/|$)/.test(source)) || usesVendor(steps)) return true;
  const runs = steps.flatMap(goRunsOf);
  const modules = runs.some(
    (run) =>
      run.verb === 'mod download' ||
      /-mod[= ]mod/.test(`${run.args.join(' ')} ${envOf(run, 'GOFLAGS') ?? ''}`),
  );
  return files.includes('vendor/modules.txt') && !modules;
}

function usesVendor(steps: readonly Step[]): boolean {
  return steps.some((step) => {
    if (/-mod[= ]vendor/.test(step.scope.get('GOFLAGS') ?? '')) return true;
    return step.instruction.keyword === 'run' && /-mod[= ]vendor/.test(step.instruction.args);
  });
}

function missingEntries({ dockerignore }: BuildContext, text: string, entries: readonly string[]): Violation {
  const lines = text.replace(/\n$/, '').split('\n');
  const line = lines.length + 1;
  return {
    file: dockerignore!,
    line: Math.max(1, lines.length),
    message: `${dockerignore} does not keep out ${entries.join(', ')}.`,
    ...(text.endsWith('\n') && {
      fix: [{ file: dockerignore!, startLine: line, endLine: line - 1, lines: [...entries] }],
    }),
  };
}

/** go.mod, go.sum and vendor that the build reads, kept out. */
function* keptOut(subject: Subject, context: BuildContext, ignore: Ignore): Iterable<Violation> {
  const steps = subject.build.stages.flatMap((stage) => stepsOf(subject, stage));
  const sources = new Set(steps.flatMap(contextSources));
  const folders = modulesOf(subject).map(({ folder }) => (folder === '' ? '' : `${folder}/`));
  const names = ['go.mod', 'go.sum'].flatMap((name) => ['', ...folders].map((folder) => `${folder}${name}`));
  for (const name of new Set(names)) {
    if (
      !isIgnored(ignore, name) ||
      !(isMeant(name, ignore) || context.files.includes(name) || sources.has(name))
    )
      continue;
    yield at(name, ignore, context, `${name} is kept out of the build, which needs it.`);
  }
  for (const path of new Set([...sources, ...embeddedNotes(context, ignore)])) {
    if (path === '' || names.includes(path) || !context.files.includes(path) || !isIgnored(ignore, path))
      continue;
    yield at(path, ignore, context, `${path} is kept out of the build, which reads it.`);
  }
  if (!usesVendor(steps) && ![...sources].some((source) => /^vendor(?:\/|$)/.test(source))) return;
  if (steps.some((step) => goRunsOf(step).some(({ verb }) => /^(?:mod|work) vendor$/.test(verb)))) return;
  if (isIgnored(ignore, 'vendor/modules.txt'))
    yield at('vendor/modules.txt', ignore, context, 'vendor is kept out of the build, which reads it.');
}

/** Whether a line names the file, and not just everything. */
function isMeant(path: string, { patterns }: Ignore): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return patterns.some(
    ({ text, exception }) =>
      !exception &&
      (text.endsWith(name) || text.endsWith('*.sum') || text.endsWith('go.*') || text.endsWith('*.mod')),
  );
}

function at(path: string, ignore: Ignore, { dockerignore }: BuildContext, message: string): Violation {
  const by = ignore.patterns.findLast(
    ({ exception, line }) => !exception && isIgnored({ ...ignore, ...only(ignore, line) }, path),
  );
  return { file: dockerignore!, line: by?.line ?? 1, message };
}

function only({ patterns, globs }: Ignore, line: number): Pick<Ignore, 'patterns' | 'globs'> {
  const keep = patterns
    .map((pattern, index) => ({ pattern, glob: globs[index]! }))
    .filter(({ pattern }) => pattern.line === line);
  return { patterns: keep.map(({ pattern }) => pattern), globs: keep.map(({ glob }) => glob) };
}
