// How a base image is made on a machine without a registry: one maker per repository, from the machine's own
// Go and Node, from Debian 13 and from tools built here. What is made has the real image's paths, user and
// environment as far as our Dockerfiles use them, and the machine's way to the network (CA bundle, proxies).
import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  addBusybox,
  addCaBundle,
  addMusl,
  addText,
  addTimeZones,
  addTmp,
  addUsers,
  caBundle,
  copyPaths,
  debian13,
  install,
  newFolder,
} from './root-fs.ts';
import { onPath, run } from './tool-recipes.ts';
import { ensureTool } from './tools.ts';

/** A root file system and the lines of a Dockerfile that complete it. */
interface MadeImage {
  folder: string;
  config: string[];
  madeFrom: string;
}

/**
 * Makes the root file system of the image with this tag in a new folder under `workFolder`, which the caller removes.
 * Throws for a tag that cannot be made here.
 */
type ImageMaker = (workFolder: string, tag: string) => MadeImage;

/** The user `nonroot` of the distroless images. Source: https://github.com/GoogleContainerTools/distroless */
const nonroot = 65_532;

export const imageMakers: Record<string, ImageMaker> = {
  'docker/dockerfile': dockerfileFrontend,
  golang,
  alpine,
  debian,
  node,
  'gcr.io/distroless/static-debian13': distrolessStatic,
  'gcr.io/distroless/base-debian13': (workFolder, tag) =>
    distrolessGlibc(workFolder, tag, ['libc6', 'libssl3t64', 'tzdata']),
  'gcr.io/distroless/cc-debian13': (workFolder, tag) =>
    distrolessGlibc(workFolder, tag, ['libc6', 'libgcc-s1', 'libssl3t64', 'libstdc++6', 'tzdata']),
  redis,
  'prom/prometheus': prometheus,
};

function dockerfileFrontend(workFolder: string): MadeImage {
  const folder = newFolder(workFolder, 'frontend');
  install(ensureTool('dockerfile-frontend'), join(folder, 'bin/dockerfile-frontend'));
  return {
    folder,
    // What the frontend can do, as its own image says it.
    config: [
      'LABEL moby.buildkit.frontend.network.none=true',
      'LABEL moby.buildkit.frontend.caps=moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts',
      'ENTRYPOINT ["/bin/dockerfile-frontend"]',
    ],
    madeFrom: "BuildKit's frontend, built from the Go module proxy",
  };
}

/** A golang tag in its parts: the version, and the system that it stands on. */
const golangTag = /^(?<version>\d+(?:\.\d+)*)?-?(?<system>alpine[\d.]*|trixie)?$/;

/** @throws Error for a Go that this machine does not have, or a system that cannot be made here */
function golangSystem(tag: string, machines: string): 'alpine' | 'trixie' {
  const parts = golangTag.exec(tag === 'latest' ? '' : tag)?.groups;
  if (!parts)
    throw new Error(`golang:${tag} cannot be made: only Alpine and trixie can, as what it stands on`);
  const { version = machines, system = 'trixie' } = parts;
  if (!`${machines}.`.startsWith(`${version}.`)) {
    throw new Error(`golang:${tag} cannot be made: this machine has Go ${machines}`);
  }
  return system === 'trixie' ? 'trixie' : 'alpine';
}

function golang(workFolder: string, tag: string): MadeImage {
  const [goroot = '', version = ''] = run('go', ['env', 'GOROOT', 'GOVERSION']).trim().split('\n');
  const system = golangSystem(tag, version.replace(/^go/, ''));
  const folder =
    system === 'trixie' ? debian13(workFolder, 'debian13-build') : newFolder(workFolder, 'golang');
  if (system === 'alpine') addBusybox(folder);
  const target = join(folder, 'usr/local/go');
  if (!existsSync(target)) {
    mkdirSync(target, { recursive: true });
    for (const part of ['bin', 'lib', 'pkg', 'src', 'go.env', 'VERSION']) {
      cpSync(join(goroot, part), join(target, part), { recursive: true, verbatimSymlinks: true });
    }
  }
  const settings = ['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GONOSUMCHECK', 'GOPRIVATE', 'GOINSECURE'];
  const values = JSON.parse(run('go', ['env', '-json', ...settings])) as Record<string, string>;
  return {
    folder,
    config: [
      'ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'ENV GOPATH=/go GOTOOLCHAIN=local',
      'WORKDIR /go',
      ...environment(values),
      ...environment(networkSettings()),
    ],
    madeFrom: `this machine's ${version} and ${system === 'trixie' ? 'Debian 13' : 'busybox'}`,
  };
}

/** Without apk: what runs is static, or needs musl's libc alone. */
function alpine(workFolder: string, tag: string): MadeImage {
  const folder = newFolder(workFolder, 'alpine');
  addBusybox(folder);
  addMusl(folder);
  const version = /^3(\.\d+)*$/.test(tag) ? tag : '3';
  addText(folder, 'etc/os-release', ['NAME="Alpine Linux"', 'ID=alpine', `VERSION_ID=${version}`]);
  return {
    folder,
    config: ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'CMD ["/bin/sh"]'],
    madeFrom: "busybox and Debian's musl",
  };
}

function debian(workFolder: string, tag: string): MadeImage {
  if (!/^(13|trixie)\b/.test(tag)) throw new Error(`debian:${tag} cannot be made: only Debian 13 can`);
  return {
    folder: debian13(workFolder, 'debian13-slim'),
    config: ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'CMD ["bash"]'],
    madeFrom: "Debian 13's packages",
  };
}

function node(workFolder: string): MadeImage {
  const folder = debian13(workFolder);
  install(process.execPath, join(folder, 'usr/local/bin/node'));
  // The command npm is a link to npm/bin/npm-cli.js of the package.
  const npm = resolve(realpathSync(onPath(['npm']) ?? ''), '../..');
  cpSync(npm, join(folder, 'usr/local/lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true });
  for (const name of ['npm', 'npx']) {
    const link = join(folder, 'usr/local/bin', name);
    if (!existsSync(link)) symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, link);
  }
  const registry = run('npm', ['config', 'get', 'registry']).trim();
  return {
    folder,
    config: [
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...environment({ NODE_EXTRA_CA_CERTS: `/${caBundle}`, npm_config_registry: registry }),
      ...environment(networkSettings()),
      'CMD ["node"]',
    ],
    madeFrom: `this machine's Node ${process.versions.node} and Debian 13`,
  };
}

/** @throws Error for a tag with a shell, which none of ours needs */
function refuseDebug(tag: string): void {
  if (/debug/.test(tag)) throw new Error(`the tag ${tag} of a distroless image cannot be made here`);
}

function distrolessStatic(workFolder: string, tag: string): MadeImage {
  refuseDebug(tag);
  const folder = newFolder(workFolder, 'static');
  addCaBundle(folder);
  addTimeZones(folder);
  const system = ['PRETTY_NAME="Distroless"', 'NAME="Debian GNU/Linux"', 'ID=debian', 'VERSION_ID="13"'];
  addText(folder, 'etc/os-release', system);
  return distroless(folder, tag, "the machine's CA bundle and Go's time zones");
}

function distrolessGlibc(workFolder: string, tag: string, packages: string[]): MadeImage {
  refuseDebug(tag);
  const debian = debian13(workFolder);
  const folder = newFolder(workFolder, 'distroless');
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(folder, name));
  const files = run('chroot', [debian, 'dpkg', '--listfiles', ...packages]).split('\n');
  copyPaths(debian, folder, [...files, '/etc/os-release', '/usr/lib/os-release', `/${caBundle}`]);
  return distroless(folder, tag, `Debian 13's ${packages.join(', ')}`);
}

/** Completes what all distroless images have: users, a home, /tmp; a tag with `nonroot` runs as that user. */
function distroless(folder: string, tag: string, madeFrom: string): MadeImage {
  addUsers(folder, `nonroot:x:${nonroot}:${nonroot}:nonroot:/home/nonroot:/sbin/nologin`);
  addTmp(folder);
  run('install', ['-d', '-o', `${nonroot}`, '-g', `${nonroot}`, '-m', '700', join(folder, 'home/nonroot')]);
  const asNonroot = /^nonroot/.test(tag);
  return {
    folder,
    config: [
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `ENV SSL_CERT_FILE=/${caBundle}`,
      `USER ${asNonroot ? nonroot : 0}`,
      `WORKDIR ${asNonroot ? '/home/nonroot' : '/'}`,
    ],
    madeFrom,
  };
}

function redis(workFolder: string): MadeImage {
  const debian = debian13(workFolder);
  const folder = newFolder(workFolder, 'redis');
  addBusybox(folder);
  const programs = ['/usr/bin/redis-server', '/usr/bin/redis-cli'];
  const links = run('chroot', [debian, 'ldd', ...programs]);
  const libraries = [...links.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
  for (const path of new Set(libraries)) install(join(debian, path), join(folder, path));
  // redis-server of Debian is a link to the program that checks database files.
  for (const path of programs) install(join(debian, path), join(folder, 'usr/local/bin', path.slice(9)));
  addUsers(folder, 'redis:x:999:1000:redis:/data:/sbin/nologin');
  mkdirSync(join(folder, 'data'));
  const version = /v=(\S+)/.exec(run('chroot', [debian, 'redis-server', '--version']))?.[1];
  return {
    folder,
    config: ['ENV PATH=/usr/local/bin:/usr/bin:/bin', 'WORKDIR /data', 'CMD ["redis-server"]'],
    madeFrom: `Debian 13's Redis ${version}`,
  };
}

function prometheus(workFolder: string): MadeImage {
  const folder = newFolder(workFolder, 'prometheus');
  addBusybox(folder);
  install(ensureTool('prometheus'), join(folder, 'bin/prometheus'));
  install(ensureTool('promtool'), join(folder, 'bin/promtool'));
  // Its data folder belongs to `nobody`, as whom the image runs.
  run('install', ['-d', '-o', '65534', '-g', '65534', join(folder, 'prometheus')]);
  return {
    folder,
    config: [
      'USER 65534',
      'WORKDIR /prometheus',
      'ENTRYPOINT ["/bin/prometheus"]',
      'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]',
    ],
    madeFrom: 'Prometheus 3.16.0, built from the Go module proxy, and busybox',
  };
}

function environment(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value ? [`ENV ${name}=${JSON.stringify(value)}`] : [],
  );
}

/** Proxies that this machine's environment names. */
function networkSettings(): Record<string, string> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));
}
