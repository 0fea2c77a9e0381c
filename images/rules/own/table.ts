import type { Rule } from '../rule.ts';

/** Every rule of our own, in the order of their codes. */
export const ownRules: readonly Rule[] = [];
