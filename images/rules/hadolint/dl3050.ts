import { hadolintRule } from './card.ts';
import { labelsOf } from './labels.ts';

export const dl3050 = hadolintRule({
  code: 'DL3050',
  severity: 'info',
  title: 'No labels beside those of the schema',
  what: 'Finds labels that the configuration does not name. Only with strict-labels.',
  why: 'A misspelt label is as good as none.',
  mend: 'Remove it, or add it to label-schema.',
  check: (subject) =>
    !subject.settings.strictLabels
      ? []
      : labelsOf(subject)
          .filter(({ key }) => !subject.settings.labelSchema.has(key))
          .map(({ key, line }) => ({ line, message: `The label ${key} is not in the schema.` })),
});
