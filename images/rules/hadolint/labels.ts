import { pairsOf } from '../../dockerfile/pairs.ts';
import type { Rule, Subject, Violation } from '../rule.ts';
import { hadolintRule } from './card.ts';
import { unquote } from './from.ts';

/** A label that a LABEL sets, quotes taken off. */
export type Label = {
  key: string;
  value: string;
  line: number;
};

/** Every label of the file; those that ONBUILD sets are another image's. */
export function labelsOf({ build }: Subject): Label[] {
  return build.dockerfile.instructions
    .filter(({ keyword }) => keyword === 'label')
    .flatMap((instruction) =>
      pairsOf(instruction).map(({ key, value, line }) => ({
        key: unquote(key),
        value: unquote(value ?? ''),
        line,
      })),
    );
}

/** A rule about the labels that the configuration says are of a kind (`url`, `semver`). */
export function labelKindRule(
  card: Pick<Rule, 'code' | 'title' | 'what' | 'why' | 'mend'> & {
    kind: string;
    valid: (value: string) => boolean;
    message: (label: Label) => string;
  },
): Rule {
  const { kind, valid, message, ...rest } = card;
  return hadolintRule({
    ...rest,
    severity: 'warning',
    check: (subject) => {
      const { labelSchema } = subject.settings;
      const keys = new Set([...labelSchema.keys()].filter((key) => labelSchema.get(key) === kind));
      if (keys.size === 0) return [];
      return labelsOf(subject)
        .filter(({ key, value }) => keys.has(key) && !valid(value))
        .map((label): Violation => ({ line: label.line, message: message(label) }));
    },
  });
}
