import { hadolintRule } from './card.ts';
import { labelsOf } from './labels.ts';

export const dl3051 = hadolintRule({
  code: 'DL3051',
  severity: 'warning',
  title: 'Required labels have a value',
  what: 'Finds labels of the schema that are empty.',
  why: 'An empty label says nothing.',
  mend: 'Give it its value.',
  check: (subject) =>
    labelsOf(subject)
      .filter(({ key, value }) => subject.settings.labelSchema.has(key) && value === '')
      .map(({ key, line }) => ({ line, message: `The label ${key} is empty.` })),
});
