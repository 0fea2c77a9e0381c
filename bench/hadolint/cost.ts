// Dockerfiles of the usual length, and the CPU time that a program takes for them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, runCommand } from '../processes.ts';

const bases = ['golang:1.26.8-trixie', 'node:24', 'python:3.13-slim', 'debian:13', 'ubuntu:24.04'];
const tools = ['curl', 'git', 'make', 'jq', 'gnupg', 'unzip', 'locales', 'rsync'];

/** A Dockerfile of two stages and about 45 lines; another one for each number. */
export function usualDockerfile(number: number): string {
  const pick = <T>(list: readonly T[], salt: number) => list[(number * 7 + salt * 3) % list.length]!;
  const packages = tools.filter((_, at) => (number + at) % 3 !== 0);
  return `# syntax=docker/dockerfile:1
ARG VERSION=${number}
FROM ${pick(bases, 1)} AS build
ARG VERSION
ENV APP_HOME=/srv/app-${number} \\
    LANG=C.UTF-8 \\
    PATH=/srv/tools/bin:$PATH
WORKDIR /srv/app-${number}
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update && \\
    apt-get install -y --no-install-recommends \\
${packages.map((name) => `      ${name} \\`).join('\n')}
      ca-certificates && \\
    rm -rf /var/lib/apt/lists/*
# What changes seldom comes first.
COPY requirements.txt package.json package-lock.json go.mod go.sum ./
RUN set -eux; \\
    if [ -f requirements.txt ]; then pip install --no-cache-dir -r requirements.txt; fi; \\
    if [ -f package-lock.json ]; then npm ci --omit=dev; fi; \\
    if [ -f go.mod ]; then go mod download; fi
COPY . .
RUN curl -fsSL "https://example.com/tools/\${VERSION}/tool.tar.gz" | tar -xz -C /srv/tools && \\
    for name in ${packages.join(' ')}; do \\
      command -v "$name" > /dev/null || echo "no $name" >> missing.txt; \\
    done
RUN make build VERSION="\${VERSION}" && \\
    make test || { cat build/*.log; exit 1; }

FROM ${pick(bases, 4)} AS runtime
LABEL org.opencontainers.image.title="app ${number}" \\
      org.opencontainers.image.version="\${VERSION}"
RUN apt-get update && apt-get install -y ${pick(tools, 2)} tzdata && \\
    useradd -r -u 10${number % 10}01 app
WORKDIR /srv/app
COPY --from=build --chown=app:app /srv/app-${number}/dist ./dist
COPY --chown=app:app entrypoint.sh /usr/local/bin/
EXPOSE ${8000 + (number % 1000)}
USER app
HEALTHCHECK --interval=30s CMD ["/usr/local/bin/entrypoint.sh", "health"]
ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]
CMD ["serve", "--port", "${8000 + (number % 1000)}"]
`;
}

/** Writes Dockerfiles into folders of their own, as services have them, and gives their paths. */
export function writeDockerfiles(folder: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => {
    const path = join(folder, `service-${number}`, 'Dockerfile');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, usualDockerfile(number));
    return path;
  });
}

/**
 * Seconds of CPU, user and system, that a program and what it starts take to its end, whatever its exit code. Its
 * output goes into a file, as a report does. Needs a POSIX shell.
 */
export async function cpuSeconds({ command, args, ...rest }: Command, report: string): Promise<number> {
  const script = 'out=$1; shift; "$@" > "$out" 2>&1; times';
  const { stdout } = await runCommand({
    ...rest,
    command: 'sh',
    args: ['-c', script, 'sh', report, command, ...args],
  });
  return parseTimes(stdout);
}

/** Reads the second line of `times`: `0m0.012s 0m0.004s`. @throws Error when it is none */
export function parseTimes(text: string): number {
  const children = text.trim().split('\n')[1] ?? '';
  const times = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error(`\`times\` of the shell said ${JSON.stringify(text)}`);
  return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
