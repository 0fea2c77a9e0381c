import { hadolintRules } from './hadolint/table.ts';
import { ownRules } from './own/table.ts';
import type { Rule } from './rule.ts';
import { syntax } from './syntax.ts';

/** Every rule that the gate asks about a Dockerfile and its context. */
export const rules: readonly Rule[] = [...ownRules, syntax, ...hadolintRules];
