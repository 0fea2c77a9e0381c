import { compareSums } from '../merge/go-mod.ts';

/**
 * When a line is needed: in any of the listed cases, each a list of option names that must be on, or off with a `!`
 * before, separated by spaces. `["redis", "gin !postgres"]` is redis, or gin without postgres.
 */
export type Condition = readonly string[];

/** The lines of go.mod (without the tab) and go.sum that not every service needs, and when they are needed. */
export type GoModules = {
  goMod: ReadonlyMap<string, Condition>;
  goSum: ReadonlyMap<string, Condition>;
};

/** The file in the template that holds them; `npm run golden` computes it by `go mod tidy`. */
export const modulesFile = 'modules.json';

/**
 * modules.json: `{"goMod": {LINE: CONDITION}, "goSum": {LINE: CONDITION}}`.
 * @throws TypeError when it has another shape
 */
export function parseModules(value: unknown): GoModules {
  const lines = (key: string) => {
    const table: unknown = (value as Record<string, unknown> | null)?.[key];
    if (typeof table !== 'object' || table === null) throw new TypeError(`${modulesFile}: no ${key}`);
    return new Map(
      Object.entries(table).map(([line, condition]) => {
        if (!Array.isArray(condition)) throw new TypeError(`${modulesFile}: no condition for "${line}"`);
        return [line, condition.map(String)];
      }),
    );
  };
  return { goMod: lines('goMod'), goSum: lines('goSum') };
}

/** go.mod of the template as `go mod tidy` would leave it with these options on. */
export function tidyGoMod(text: string, lines: GoModules['goMod'], on: ReadonlySet<string>): string {
  const kept = withoutLines(text, lines, on);
  // What is direct in the template may be indirect in the service: its line changes, and its block with it.
  const end = kept.lastIndexOf(')');
  const begin = kept.lastIndexOf('require (', end);
  const added = addedLines(kept, lines, on).map((line) => `\t${line}`);
  if (added.length === 0) return kept.join('\n');
  const block = [...kept.slice(begin + 1, end), ...added].sort();
  return [...kept.slice(0, begin + 1), ...block, ...kept.slice(end)].join('\n');
}

/** go.sum of the template as `go mod tidy` would leave it with these options on. */
export function tidyGoSum(text: string, lines: GoModules['goSum'], on: ReadonlySet<string>): string {
  const kept = withoutLines(text, lines, on).filter((line) => line !== '');
  const added = addedLines(kept, lines, on);
  if (added.length > 0) kept.push(...added);
  return `${(added.length > 0 ? kept.sort(compareSums) : kept).join('\n')}\n`;
}

function withoutLines(
  text: string,
  lines: ReadonlyMap<string, Condition>,
  on: ReadonlySet<string>,
): string[] {
  return text.split('\n').filter((line) => isNeeded(lines.get(line.trim()), on));
}

function addedLines(
  kept: readonly string[],
  lines: ReadonlyMap<string, Condition>,
  on: ReadonlySet<string>,
): string[] {
  const there = new Set(kept.map((line) => line.trim()));
  return [...lines.keys()].filter((line) => !there.has(line) && isNeeded(lines.get(line), on));
}

function isNeeded(condition: Condition | undefined, on: ReadonlySet<string>): boolean {
  if (condition === undefined) return true;
  return condition.some((words) =>
    words.split(' ').every((word) => (word.startsWith('!') ? !on.has(word.slice(1)) : on.has(word))),
  );
}
