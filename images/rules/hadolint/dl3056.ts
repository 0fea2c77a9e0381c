import { labelKindRule } from './labels.ts';

/** Source: https://semver.org, leading zeros and an empty rest allowed. */
const semver =
  /^\d+\.\d+\.\d+(?:-(?:[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?(?:\+(?:[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?$/;

export const dl3056 = labelKindRule({
  code: 'DL3056',
  kind: 'semver',
  title: 'Version labels are semantic versions',
  what: 'Finds labels of the kind semver that hold none.',
  why: 'Tools cannot tell which of two versions is newer.',
  mend: 'Write 1.2.3, without a v.',
  valid: (value) => semver.test(value),
  message: ({ key, value }) => `The label ${key} holds ${value}, which is no semantic version.`,
});
