// How a base image is made on a machine without a registry: one maker per repository, from the machine's own
// Go and Node, from Debian 13 and from tools built here. What is made has the real image's paths, user and
// environment as far as our Dockerfiles use them, and the machine's way to the network (CA bundle, proxies).
import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  addBusybox,
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

/** Makes the image's root file system in a new folder under `workFolder`, which the caller removes. */
type ImageMaker = (workFolder: string) => MadeImage;

/** The user `nonroot` of the distroless images. Source: https://github.com/GoogleContainerTools/distroless */
const nonroot = 65_532;

export const imageMakers: Record<string, ImageMaker> = {
  'docker/dockerfile': dockerfileFrontend,
  golang,
  node,
  'gcr.io/distroless/cc-debian13': distrolessCc,
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

function golang(workFolder: string): MadeImage {
  const folder = newFolder(workFolder, 'golang');
  addBusybox(folder);
  const [goroot = '', version] = run('go', ['env', 'GOROOT', 'GOVERSION']).trim().split('\n');
  const target = join(folder, 'usr/local/go');
  mkdirSync(target, { recursive: true });
  for (const part of ['bin', 'lib', 'pkg', 'src', 'go.env', 'VERSION']) {
    cpSync(join(goroot, part), join(target, part), { recursive: true, verbatimSymlinks: true });
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
    madeFrom: `this machine's ${version} and busybox`,
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

function distrolessCc(workFolder: string): MadeImage {
  const debian = debian13(workFolder);
  const folder = newFolder(workFolder, 'distroless');
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(folder, name));
  const packages = ['libc6', 'libgcc-s1', 'libstdc++6', 'tzdata'];
  const files = run('chroot', [debian, 'dpkg', '--listfiles', ...packages]).split('\n');
  copyPaths(debian, folder, [...files, '/etc/os-release', '/usr/lib/os-release', `/${caBundle}`]);
  addUsers(folder, `nonroot:x:${nonroot}:${nonroot}:nonroot:/home/nonroot:/sbin/nologin`);
  addTmp(folder);
  return {
    folder,
    config: [
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `ENV SSL_CERT_FILE=/${caBundle}`,
      `USER ${nonroot}`,
      'WORKDIR /home/nonroot',
    ],
    madeFrom: "Debian 13's libc6, libgcc, libstdc++ and tzdata",
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
