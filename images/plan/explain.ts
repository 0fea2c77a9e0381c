import type { ModuleFacts, ModuleReport, Subgraph } from './modules.ts';
import type { Plan } from './plan.ts';

/** What `--explain` prints: every decision with its reason, then the modules in their order. */
export function renderExplanation(
  plan: Plan,
  report: ModuleReport,
  facts: Pick<ModuleFacts, 'graphProblem' | 'testedProblem'>,
): string {
  const sections = [
    ['Decisions', ...table(plan.decisions.map(({ about, choice, reason }) => [about, choice, reason]))],
    ...plan.programs.map((program) => [
      `Program ${program.name} (${program.importPath})`,
      ...table([
        ['built as', program.pattern, program.cgo ? 'with C' : 'without C'],
        ['runs on', program.base.image, program.base.reason],
        ...program.variables.map(({ name, holds }) => ['set by the linker', name, `the ${holds}`]),
      ]),
    ]),
    moduleSection(report),
    ['Where go list and go mod graph disagree', ...disagreementLines(report, facts)],
    ...(plan.warnings.length === 0 ? [] : [['To look at', ...plan.warnings.map((line) => `  ${line}`)]]),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

const meanings: readonly (readonly [Subgraph, string])[] = [
  ['runtime', 'linked into a program'],
  ['core', 'built by go build ./..., not linked'],
  ['test', 'only tests reach it'],
  ['graph', 'required, no package of it is used'],
];

function moduleSection({ modules }: ModuleReport): string[] {
  const counts = meanings.map(([name, meaning]) => {
    const count = modules.filter(({ subgraph }) => subgraph === name).length;
    return `  ${String(count).padStart(4)} ${name}: ${meaning}`;
  });
  const rows = modules.map(({ path, version, subgraph, why, requires }) => [
    subgraph,
    version === undefined ? path : `${path} ${version}`,
    `${why}${requires.length === 0 ? '' : `; requires ${some(requires)}`}`,
  ]);
  return [`Modules (${modules.length}), each after what it requires`, ...counts, ...table(rows)];
}

function some(paths: readonly string[]): string {
  return paths.length <= 3
    ? paths.join(', ')
    : `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more`;
}

function disagreementLines(
  { disagreements }: ModuleReport,
  { graphProblem, testedProblem }: Pick<ModuleFacts, 'graphProblem' | 'testedProblem'>,
): string[] {
  const unknown = [
    ...(graphProblem === undefined ? [] : [`  not compared: go mod graph says: ${graphProblem}`]),
    ...(testedProblem === undefined ? [] : [`  tests not seen: go list -test says: ${testedProblem}`]),
  ];
  if (disagreements.length + unknown.length === 0) return ['  nowhere'];
  return [...disagreements.map((line) => `  ${line}`), ...unknown];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.min(60, Math.max(0, ...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, at) => (at < row.length - 1 ? cell.padEnd(width(at)) : cell)).join('  ')}`.trimEnd(),
  );
}
