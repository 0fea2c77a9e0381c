import { labelKindRule } from './labels.ts';

/** Source: RFC 5322 without quoted names. */
const address =
  /^\s*(?:\([^()]*\)\s*)?[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@(?:[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?(?:\.[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?)*\.?|\[[^\]\s]+\])\s*$/;

export const dl3058 = labelKindRule({
  code: 'DL3058',
  kind: 'email',
  title: 'Mail labels hold an address',
  what: 'Finds labels of the kind email that hold none.',
  why: 'Nobody can write to it.',
  mend: 'Write name@example.org.',
  valid: (value) => address.test(value),
  message: ({ key, value }) => `The label ${key} holds ${value}, which is no mail address.`,
});
