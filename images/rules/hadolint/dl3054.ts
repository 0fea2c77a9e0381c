import { isLicense } from '../../data/spdx-licenses.ts';
import { labelKindRule } from './labels.ts';

export const dl3054 = labelKindRule({
  code: 'DL3054',
  kind: 'spdx',
  title: 'Licence labels are SPDX identifiers',
  what: 'Finds labels of the kind spdx that hold no identifier of the SPDX list. Expressions are none.',
  why: 'Tools that gather licences cannot read it.',
  mend: 'Take the identifier from https://spdx.org/licenses/, Apache-2.0 for one.',
  valid: isLicense,
  message: ({ key, value }) => `The label ${key} holds ${value}, which is not on the SPDX list.`,
});
