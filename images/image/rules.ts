import type { Finding } from '../finding.ts';
import { type Severities, severities } from '../gate.ts';
import { baseEol, goEol } from './rules/ages.ts';
import {
  architectureMismatch,
  entrypointMissing,
  glibcTooOld,
  healthcheckMissing,
  interpreterMissing,
  libraryMissing,
} from './rules/binaries.ts';
import {
  packageManager,
  secretInConfig,
  secretInLayer,
  setuidFile,
  shell,
  worldWritable,
} from './rules/content.ts';
import { sourceLabel, userMissing, userName, userRoot } from './rules/identity.ts';
import type { ImageRule, ImageSubject } from './rules/rule.ts';
import { sizeBudget, wastedBytes } from './rules/size.ts';
import { reportOtherImage, vulnerability, waiverExpired, waiverUnused } from './rules/vulnerabilities.ts';

/** Every rule about an image. */
export const imageRules: readonly ImageRule[] = [
  sizeBudget,
  wastedBytes,
  entrypointMissing,
  healthcheckMissing,
  architectureMismatch,
  interpreterMissing,
  libraryMissing,
  glibcTooOld,
  baseEol,
  goEol,
  userMissing,
  userRoot,
  userName,
  sourceLabel,
  setuidFile,
  worldWritable,
  secretInLayer,
  secretInConfig,
  packageManager,
  shell,
  vulnerability,
  waiverExpired,
  waiverUnused,
  reportOtherImage,
];

/** So many findings of one rule are told one by one; how many more there are is told in one. */
const maxOfRule = 100;

/**
 * Asks every rule about one image.
 * @param configured severities that differ from the rules' own
 * @returns findings, the gravest first, in the order of the table
 */
export function checkImage(
  subject: ImageSubject,
  rules: readonly ImageRule[],
  configured: Severities,
): Finding[] {
  const found = rules.flatMap((rule): Finding[] => {
    const severity = configured.get(rule.code) ?? rule.severity;
    if (severity === 'off') return [];
    const messages = [...rule.check(subject)];
    const more = messages.length - maxOfRule;
    const told =
      more > 0 ? [...messages.slice(0, maxOfRule), `There are ${more} more of this kind.`] : messages;
    return told.map((message) => ({
      ...{ code: rule.code, severity, message: printable(message), file: subject.name },
      ...{ line: undefined, endLine: undefined, fix: undefined },
    }));
  });
  return found.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

/** Paths and names come from the image: control characters would reach the terminal. */
function printable(message: string): string {
  return message.replace(/\p{Cc}|\p{Cf}/gu, '�');
}
