import { labelKindRule } from './labels.ts';

export const dl3055 = labelKindRule({
  code: 'DL3055',
  kind: 'hash',
  title: 'Revision labels are git hashes',
  what: 'Finds labels of the kind hash that hold none.',
  why: 'Nobody finds the commit by it.',
  mend: 'Write the hash of the commit, all 40 characters or the first 7.',
  valid: (value) => /^(?:[0-9a-f]{7}|[0-9a-f]{40})$/.test(value),
  message: ({ key, value }) => `The label ${key} holds ${value}, which is no git hash.`,
});
