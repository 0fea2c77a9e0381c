import type { Rule } from '../rule.ts';

/** Every rule that has hadolint's number, in the order of the numbers. */
export const hadolintRules: readonly Rule[] = [];
