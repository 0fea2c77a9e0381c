import type { Edit, Severity } from './rules/rule.ts';

/** One thing that the gate does not accept, as every report prints it. */
export type Finding = {
  code: string;
  severity: Severity;
  message: string;
  /** Path as the user is told it, or the name of an image. */
  file: string;
  /** From 1; undefined where no line can be named (an image, a missing file). */
  line: number | undefined;
  endLine: number | undefined;
  fix: readonly Edit[] | undefined;
};
