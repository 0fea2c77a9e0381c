import type { CveVerdict } from './cve/verdict.ts';
import type { GoModule } from './go-build-info.ts';
import type { Binary, Image } from './image.ts';
import { platformOf } from './platform.ts';

/** So many of a list are told; how many there are stands beside it. */
const most = { wasted: 50, copies: 50 } as const;

/** An image as a plain object for `--json`: paths absolute, sizes in bytes. */
export function imageAsJson(image: Image, origin: string, budgetBytes: number): object {
  const { config, entry, libc, wasted } = image;
  return {
    ...{
      origin,
      names: image.names,
      configDigest: image.configDigest,
      manifestDigest: image.manifestDigest ?? null,
    },
    ...{ platform: platformOf(config), created: config.created ?? null },
    ...{ size: image.size, budget: budgetBytes },
    compressedSize: image.compressedSize ?? null,
    compressedMeasured: image.compressedMeasured,
    config: {
      ...{ user: config.user, entrypoint: config.entrypoint, cmd: config.cmd, workingDir: config.workingDir },
      // Values may be secrets.
      env: config.env.map((variable) => variable.split('=')[0]),
      labels: Object.fromEntries(config.labels),
      exposedPorts: config.exposedPorts,
      healthcheck: config.healthcheck ?? null,
    },
    runs: {
      argv: entry.argv,
      file: entry.file ? `/${entry.file.path}` : null,
      goProgram: entry.goProgram ? `/${entry.goProgram.file.path}` : null,
    },
    os: image.os ?? null,
    libc:
      libc === undefined
        ? null
        : {
            kind: libc.kind,
            path: `/${libc.path}`,
            release: libc.kind === 'glibc' ? (libc.release ?? null) : null,
          },
    layers: imageLayersAsJson(image),
    wasted: {
      ...{
        overwritten: wasted.overwritten,
        removed: wasted.removed,
        duplicated: wasted.duplicated,
        share: wasted.share,
      },
      hiddenFiles: wasted.hidden.length,
      hidden: wasted.hidden.slice(0, most.wasted).map(({ file, how, layer, sameContent }) => ({
        ...{ path: `/${file.path}`, bytes: file.size, layer: file.layer, how, by: layer, sameContent },
      })),
      copies: wasted.copies.slice(0, most.copies).map(({ sha256, size, files }) => ({
        ...{
          sha256,
          bytes: size,
          paths: files.map(({ path }) => `/${path}`),
          layers: files.map(({ layer }) => layer),
        },
      })),
    },
    binaries: image.binaries.map(binaryAsJson),
    packages: image.packages.map(({ source, ...rest }) => ({ ...rest, source: source ?? null })),
    setuid: image.setuid.map(({ path, mode, uid, gid }) => ({
      path: `/${path}`,
      mode: mode.toString(8),
      uid,
      gid,
    })),
    packageManagers: image.packageManagers.map((path) => `/${path}`),
    shells: image.shells.map((path) => `/${path}`),
  };
}

/** The layers of an image as plain objects. */
export function imageLayersAsJson({ layers }: Pick<Image, 'layers'>): object[] {
  return layers.map((layer) => ({
    ...layer,
    digest: layer.digest ?? null,
    compressedBytes: layer.compressedBytes ?? null,
  }));
}

function binaryAsJson({ file, facts }: Binary): object {
  const { go, dynamic } = facts;
  return {
    ...{ path: `/${file.path}`, layer: file.layer, bytes: file.size, sha256: file.facts?.sha256 ?? null },
    ...{ architecture: facts.architecture, type: facts.type, interpreter: facts.interpreter ?? null },
    static: dynamic === undefined || (dynamic.needed.length === 0 && facts.interpreter === undefined),
    needed: dynamic?.needed ?? [],
    glibc: [
      ...new Set(
        (dynamic?.wants ?? []).map(({ version }) => version).filter((name) => name.startsWith('GLIBC_')),
      ),
    ],
    go:
      go === undefined
        ? null
        : {
            ...{
              version: go.goVersion,
              path: go.path,
              main: go.main === undefined ? null : moduleAsJson(go.main),
            },
            deps: go.deps.map(moduleAsJson),
            settings: Object.fromEntries(go.settings),
          },
  };
}

function moduleAsJson({ path, version, sum, replacedBy }: GoModule): object {
  return {
    path,
    version,
    ...(sum !== undefined && { sum }),
    ...(replacedBy && { replace: moduleAsJson(replacedBy) }),
  };
}

/** What the reports told, for `--json`. */
export function verdictAsJson(verdict: CveVerdict): object {
  const { reports, open, counts, waived, expired, unused, maxima } = verdict;
  return {
    reports: reports.map(({ file, tool, vulnerabilities }) => ({
      file,
      tool,
      vulnerabilities: vulnerabilities.length,
    })),
    ...{ counts, maxima, open, waived, expired, unused },
  };
}
