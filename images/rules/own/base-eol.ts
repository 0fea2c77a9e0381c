import type { Rule, Violation } from '../rule.ts';
import { type ImageUse, imagesOf } from './facts/images.ts';
import { hasEnded, type Release, releasesOf } from './facts/releases.ts';

/** Base images past the end of their regular support. */
export const baseEol: Rule = {
  code: 'base-eol',
  severity: 'error',
  title: 'No base image is past its end of life',
  what: 'Every image that a stage is built on or copies from is of releases that are still supported on the day of the check: the product itself (Go, Node.js, Python, nginx) and the distribution that its tag names. Long-term support that has to be paid for, or that volunteers give to some packages, does not count.',
  why: 'Nobody mends what is found in them any more. A vulnerability in such a base stays in every image built on it.',
  mend: 'Take a release that is supported, by its patch or by its digest. `--eol-data FILE` gives the gate newer dates, `--today DATE` another day.',
  link: 'https://endoflife.date/',
  *check({ build, baseImages, today }) {
    for (const use of imagesOf(build)) {
      if (use.reference === undefined) continue;
      for (const release of releasesOf(use.reference, baseImages)) {
        if (hasEnded(release.cycle, today)) yield violation(use, release);
      }
    }
  },
};

function violation({ text, line }: ImageUse, { title, cycle }: Release): Violation {
  const name = cycle.codename === undefined ? cycle.cycle : `${cycle.cycle} (${cycle.codename})`;
  return { line, message: `${text}: regular support of ${title} ${name} ended on ${cycle.eol}.` };
}
