import { labelKindRule } from './labels.ts';

/** Source: RFC 3986. */
const uri =
  /^[a-z][a-z0-9+.-]*:(?:\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?(?=[/?#]|$)|(?!\/\/))(?:[\w.~!$&'()*+,;=:@/?#-]|%[0-9a-f]{2})*$/i;

export const dl3052 = labelKindRule({
  code: 'DL3052',
  kind: 'url',
  title: 'URL labels hold one',
  what: 'Finds labels of the kind url that hold none.',
  why: 'Nobody can follow it.',
  mend: 'Write the whole address, https:// included.',
  valid: (value) => uri.test(value),
  message: ({ key, value }) => `The label ${key} holds ${value}, which is no URL.`,
});
