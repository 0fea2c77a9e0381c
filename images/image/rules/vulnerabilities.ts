import { vulnerabilitySeverities } from '../cve/vulnerability.ts';
import { sameName } from '../names.ts';
import type { ImageRule } from './rule.ts';

export const vulnerability: ImageRule = {
  code: 'vulnerability',
  severity: 'error',
  title: 'The image has no more vulnerabilities than it may',
  what: 'The reports that are given tell at most so many of each severity as --max-critical, --max-high, --max-medium and --max-low allow; those of a waiver that has not expired do not count.',
  why: 'What is known to the one who reads the report is known to the one who attacks.',
  mend: 'Take the version that has it no more: a newer base image, go get MODULE@VERSION, a newer Go. Where that cannot be, write a waiver with a reason and a day.',
  link: 'https://www.first.org/cvss/v4.0/user-guide',
  *check({ vulnerabilities }) {
    if (vulnerabilities === undefined) return;
    const { open, counts, maxima } = vulnerabilities;
    for (const severity of vulnerabilitySeverities) {
      const most = maxima[severity];
      if (most === undefined || counts[severity] <= most) continue;
      const allowed = most === 0 ? 'none may be' : `${most} may be`;
      for (const { id, package: name, version, fixedIn, severity: its } of open) {
        if (its !== severity) continue;
        const where = [name, version].filter((word) => word !== '').join(' ');
        const fixed = fixedIn === undefined ? 'no version without it is told' : `fixed in ${fixedIn}`;
        yield `${id}, ${severity}, in ${where || 'the image'}: ${fixed} (${counts[severity]} are ${severity}, ${allowed}).`;
      }
    }
  },
};

export const waiverExpired: ImageRule = {
  code: 'waiver-expired',
  severity: 'warning',
  title: 'No waiver is past its day',
  what: 'Every waiver of --waivers counts today.',
  why: 'A waiver was given for a time, in which something was to be done; it is not counted any more.',
  mend: 'Mend what it is about and remove it, or decide anew and give it a new day.',
  link: 'https://www.first.org/cvss/v4.0/user-guide',
  *check({ vulnerabilities }) {
    for (const { id, expires, reason } of vulnerabilities?.expired ?? []) {
      yield `The waiver of ${id} expired on ${expires} ("${reason}").`;
    }
  },
};

export const waiverUnused: ImageRule = {
  code: 'waiver-unused',
  severity: 'info',
  title: 'Every waiver is still needed',
  what: 'Every waiver of --waivers is about a vulnerability that a report tells.',
  why: 'One that nobody needs any more would let the same hole in again.',
  mend: 'Remove it from the file.',
  link: 'https://www.first.org/cvss/v4.0/user-guide',
  *check({ vulnerabilities }) {
    for (const { id, package: name } of vulnerabilities?.unused ?? []) {
      yield `The waiver of ${id}${name === undefined ? '' : ` in ${name}`} is not needed: no report tells of it.`;
    }
  },
};

export const reportOtherImage: ImageRule = {
  code: 'report-other-image',
  severity: 'warning',
  title: 'Reports are about the image that is judged',
  what: 'The image that a report names, by the digest of its configuration or by its name, is this one.',
  why: 'A report of yesterday, or of another image, says nothing of this one.',
  mend: 'Scan this image, and give the report of that scan.',
  link: 'https://github.com/opencontainers/image-spec/blob/main/config.md',
  *check({ image, vulnerabilities }) {
    for (const { file, tool, imageId, names } of vulnerabilities?.reports ?? []) {
      const byId = imageId !== undefined && /^sha256:/.test(imageId);
      if (byId && imageId !== image.configDigest) {
        yield `${file} of ${tool} is about the image ${imageId}, this one is ${image.configDigest}.`;
      }
      const [told, own] = [names.filter(isName), image.names.filter(isName)];
      if (byId || told.length === 0 || own.length === 0) continue;
      if (told.some((name) => own.some((other) => sameName(other, name)))) continue;
      yield `${file} of ${tool} is about ${told[0]}, this image is ${own.join(', ')}.`;
    }
  },
};

/** Whether a name says which image it is: scanners also tell the path they read, and layouts a tag alone. */
function isName(name: string): boolean {
  return /[:/@]/.test(name) && !/^[./]|:\/\/|\.tar(?:\.gz)?$/.test(name);
}
