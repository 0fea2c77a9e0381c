import { createHash } from 'node:crypto';
import type { GoModule } from './go-build-info.ts';
import type { Binary, Image } from './image.ts';
import { platformOf } from './platform.ts';
import { goPurl, imagePurl, systemPurl } from './purl.ts';

type SpdxPackage = Record<string, unknown> & { SPDXID: string; name: string };
type Relationship = { spdxElementId: string; relationshipType: string; relatedSpdxElement: string };

export type SpdxOptions = {
  version: string;
  /** When the list is made, milliseconds since 1970. */
  created: number;
};

/**
 * The parts of an image as SPDX 2.3 in JSON: its Go binaries with their modules and standard library, and the packages of
 * its distribution. The same image and time give the same bytes.
 * Source: https://spdx.github.io/spdx-spec/v2.3/
 */
export function renderSpdx(image: Image, { version, created }: SpdxOptions): string {
  const packages = new Map<string, SpdxPackage>();
  const relationships: Relationship[] = [];
  const add = (made: SpdxPackage): string => {
    if (!packages.has(made.SPDXID)) packages.set(made.SPDXID, made);
    return made.SPDXID;
  };
  const relate = (from: string, type: string, to: string) =>
    void relationships.push({ spdxElementId: from, relationshipType: type, relatedSpdxElement: to });
  const root = add(imagePackage(image));
  relate('SPDXRef-DOCUMENT', 'DESCRIBES', root);
  for (const binary of image.binaries) {
    if (binary.facts.go === undefined) continue;
    const program = add(programPackage(binary));
    relate(root, 'CONTAINS', program);
    for (const made of modulePackages(binary)) relate(program, 'DEPENDS_ON', add(made));
  }
  for (const system of image.packages) {
    const url = systemPurl(system, image.os);
    const made = spdxPackage(system.type, system.name, system.version, url);
    relate(
      root,
      'CONTAINS',
      add({
        ...made,
        ...(system.source && { sourceInfo: `built from the source package ${system.source}` }),
      }),
    );
  }
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: image.names[0] ?? image.configDigest,
    documentNamespace: `https://spdx.org/spdxdocs/go-sre-image-${(image.manifestDigest ?? image.configDigest).slice(7)}`,
    creationInfo: {
      created: new Date(created).toISOString().replace(/\.\d+Z$/, 'Z'),
      creators: [`Tool: go-sre-${version}`],
    },
    packages: [...packages.values()],
    relationships: unique(relationships),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function unique(relationships: readonly Relationship[]): Relationship[] {
  return [...new Map(relationships.map((one) => [Object.values(one).join(' '), one])).values()];
}

/** The fields that every package has; nothing is said about licences, which no image tells. */
function spdxPackage(kind: string, name: string, version: string, purl: string): SpdxPackage {
  return {
    SPDXID: `SPDXRef-${idPart(kind)}-${idPart(name)}-${hash(purl)}`,
    name,
    ...(version !== '' && { versionInfo: version }),
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
  };
}

function imagePackage(image: Image): SpdxPackage {
  const digest = image.manifestDigest ?? image.configDigest;
  const name = image.names[0];
  const purl = imagePurl(name, digest, image.config.architecture);
  return {
    ...spdxPackage('image', name ?? 'image', digest, purl),
    primaryPackagePurpose: 'CONTAINER',
    comment: `Platform ${platformOf(image.config)}, configuration ${image.configDigest}.`,
  };
}

/** A binary is the package of its main module; its checksum is the one of the file. */
function programPackage({ file, facts }: Binary): SpdxPackage {
  const go = facts.go!;
  const main = go.main ?? { path: go.path || file.path, version: '' };
  const version = main.version === '(devel)' ? '' : main.version;
  const made = spdxPackage('program', main.path, version, goPurl(main));
  return {
    ...made,
    SPDXID: `SPDXRef-program-${idPart(main.path)}-${hash(`${file.path}\0${file.facts!.sha256}`)}`,
    packageFileName: `/${file.path}`,
    primaryPackagePurpose: 'APPLICATION',
    checksums: [{ algorithm: 'SHA256', checksumValue: file.facts!.sha256 }],
    ...(go.settings.has('vcs.revision') && {
      sourceInfo: `built from revision ${go.settings.get('vcs.revision')}`,
    }),
  };
}

function modulePackages({ facts }: Binary): SpdxPackage[] {
  const go = facts.go!;
  const release = /^go(\d+\.\d+(?:\.\d+)?\S*)/.exec(go.goVersion)?.[1] ?? go.goVersion;
  const stdlib = spdxPackage('go', 'stdlib', release, goPurl({ path: 'stdlib', version: release }));
  return [
    ...go.deps
      .map(linkedModule)
      .map((module) => spdxPackage('go', module.path, module.version, goPurl(module))),
    stdlib,
  ];
}

/** What was linked: a replacement where it is a module; a folder in its place has no name that others know. */
function linkedModule(module: GoModule): GoModule {
  const by = module.replacedBy;
  return by === undefined || by.version === '' ? module : by;
}

function idPart(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 80);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
