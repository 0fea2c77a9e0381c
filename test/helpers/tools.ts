// The external tools that tests use, as one table. `npm run tools` gets all of them once and prints what is
// there, `npm run tools -- promtool chromium` only those; tests ask `tool(t, name)` for a path.
import type { TestContext } from 'node:test';
import { debianTool, goTool, type Recipe } from './tool-recipes.ts';

const tools = {
  promtool: goTool({
    command: 'promtool',
    module: 'github.com/prometheus/prometheus',
    version: 'v0.316.0',
    package: './cmd/promtool',
    // Module v0.316.0 is Prometheus 3.16.0. Without its service discoveries (build tag of Prometheus 3)
    // the cloud SDKs are left out, and the build takes a minute instead of six.
    tags: 'remove_all_sd',
    ldflags: '-X github.com/prometheus/common/version.Version=3.16.0',
    versionArgs: ['--version'],
    acceptOnPath: /version 3\./,
    remedy: 'install Prometheus 3 and put its promtool on PATH',
  }),
  chromium: debianTool({
    commands: [
      'chromium',
      'chromium-browser',
      'google-chrome-stable',
      'google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    // A headless browser without any font lays text out with no width.
    packages: ['chromium', 'fonts-dejavu-core'],
    versionArgs: ['--version'],
    remedy: 'install Chromium or Google Chrome and put it on PATH',
  }),
} satisfies Record<string, Recipe>;

export type ToolName = keyof typeof tools;

/**
 * Path of an external tool for the test `t`. A missing tool skips the test with the reason and the remedy, and
 * the caller returns; with GO_SRE_TOOLS=required in the environment it fails the test instead.
 */
export function tool(t: Pick<TestContext, 'skip'>, name: ToolName): string | undefined {
  const path = tools[name].find();
  if (path) return path;
  const reason = `${name} is missing: run \`npm run tools -- ${name}\`, or ${tools[name].remedy}`;
  if (process.env.GO_SRE_TOOLS === 'required') throw new Error(reason);
  t.skip(reason);
  return undefined;
}

/** Path of a tool, got first when the machine lacks it. Takes minutes at worst; throws what is missing. */
export function ensureTool(name: ToolName): string {
  if (!tools[name].find()) tools[name].get();
  const path = tools[name].find();
  if (!path) throw new Error(`${name} was installed but is not found: ${tools[name].remedy}`);
  return path;
}

/** Gets one tool and answers its line of the table; the error's text where that failed. */
function row(name: ToolName): { cells: string[]; failed: boolean } {
  const start = performance.now();
  const before = tools[name].find();
  try {
    const path = before ?? ensureTool(name);
    const how = before ? 'there' : `got in ${((performance.now() - start) / 1000).toFixed(0)} s`;
    return { cells: [name, tools[name].version(path), how, path], failed: false };
  } catch (error) {
    return { cells: [name, 'missing', error instanceof Error ? error.message : String(error)], failed: true };
  }
}

/** The command behind `npm run tools`: exit code 0 when every wanted tool is there, 1 when not, 2 for a typo. */
function main(args: string[]): number {
  const known = Object.keys(tools) as ToolName[];
  const unknown = args.filter((name) => !known.includes(name as ToolName));
  if (unknown.length > 0) {
    console.error(`No such tool: ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
    return 2;
  }
  const wanted = args.length > 0 ? (args as ToolName[]) : known;
  const rows = wanted.map(row);
  for (const { cells } of rows) {
    console.log(`${(cells[0] ?? '').padEnd(12)} ${(cells[1] ?? '').padEnd(44)} ${cells.slice(2).join('  ')}`);
  }
  return rows.some(({ failed }) => failed) ? 1 : 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
