import type { Rule } from '../rule.ts';
import { baseEol } from './base-eol.ts';
import { baseUnpinned } from './base-unpinned.ts';
import { cacheMount } from './cache-mount.ts';
import { copyWide } from './copy-wide.ts';
import { dockerignoreEntry } from './dockerignore-entry.ts';
import { dockerignoreMissing } from './dockerignore-missing.ts';
import { goOlderThanMod } from './go-older-than-mod.ts';
import { isTooLong, layers } from './layers.ts';
import { libcMismatch } from './libc-mismatch.ts';
import { modUntidy } from './mod-untidy.ts';
import { rootOwned } from './root-owned.ts';
import { secretFile } from './secret-file.ts';
import { secretName } from './secret-name.ts';
import { secretValue } from './secret-value.ts';
import { singleStage } from './single-stage.ts';
import { sourceLabel } from './source-label.ts';
import { syntaxLine } from './syntax-line.ts';
import { userMissing } from './user-missing.ts';
import { userRoot } from './user-root.ts';

/** Every rule of our own, in the order of their codes. */
export const ownRules: readonly Rule[] = [
  baseEol,
  baseUnpinned,
  cacheMount,
  copyWide,
  dockerignoreEntry,
  dockerignoreMissing,
  goOlderThanMod,
  layers,
  libcMismatch,
  modUntidy,
  rootOwned,
  secretFile,
  secretName,
  secretValue,
  singleStage,
  sourceLabel,
  syntaxLine,
  userMissing,
  userRoot,
].map(bounded);

/** What is longer than any image can be is told of once, by `layers`. */
function bounded(rule: Rule): Rule {
  if (rule === layers) return rule;
  return { ...rule, check: (subject) => (isTooLong(subject.build) ? [] : rule.check(subject)) };
}
