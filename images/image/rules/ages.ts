import type { BaseImages, ReleaseCycle } from '../../data/base-images.ts';
import type { ImageRule } from './rule.ts';

/** The line of releases that a version belongs to: of 3.23.1 that is 3.23, of 13.2 it is 13. */
function lineOf(product: string, version: string, { products }: BaseImages): ReleaseCycle | undefined {
  const lines = products[product] ?? [];
  return lines
    .filter(({ cycle }) => version === cycle || version.startsWith(`${cycle}.`))
    .sort((a, b) => b.cycle.length - a.cycle.length)[0];
}

/** The line where it is past its end. */
function ended(product: string, version: string, baseImages: BaseImages, today: string) {
  const line = lineOf(product, version, baseImages);
  return line?.eol !== undefined && line.eol < today ? { cycle: line.cycle, eol: line.eol } : undefined;
}

export const baseEol: ImageRule = {
  code: 'base-eol',
  severity: 'error',
  title: 'The distribution of the image is still supported',
  what: "The release that the image's /etc/os-release names (Alpine, Debian, Ubuntu; distroless follows Debian) has regular support on the day of the verdict.",
  why: 'Holes that are found after the end of support are known to everybody and mended by nobody.',
  mend: 'Build on a release that is supported, best on one that has years to go.',
  link: 'https://endoflife.date/',
  *check({ image: { os }, baseImages, today }) {
    if (os === undefined) return;
    const past = ended(os.id, os.versionId, baseImages, today);
    if (past !== undefined) yield `${os.prettyName} lost its support on ${past.eol}.`;
  },
};

export const goEol: ImageRule = {
  code: 'go-eol',
  severity: 'warning',
  title: 'Go binaries are linked by a Go that is still supported',
  what: 'The version of Go in the build info of every Go binary is of a line that still gets security releases: the newest two.',
  why: 'The standard library is part of the binary: its TLS, HTTP and parsers keep the holes that newer releases mended.',
  mend: 'Build with a supported Go: raise the golang image and the toolchain line of go.mod.',
  link: 'https://go.dev/doc/devel/release#policy',
  *check({ image: { binaries }, baseImages, today }) {
    for (const { file, facts } of binaries) {
      const version = /^go(\d+\.\d+(?:\.\d+)?)/.exec(facts.go?.goVersion ?? '')?.[1];
      const past = version === undefined ? undefined : ended('go', version, baseImages, today);
      if (past === undefined) continue;
      yield `/${file.path} is linked by ${facts.go!.goVersion}; Go ${past.cycle} lost its support on ${past.eol}.`;
    }
  },
};
