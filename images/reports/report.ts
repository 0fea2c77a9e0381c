import type { Finding } from '../finding.ts';
import type { Rule } from '../rules/rule.ts';

/** What a report tells of a rule. */
export type RuleCard = Pick<Rule, 'code' | 'severity' | 'title' | 'what' | 'why' | 'mend' | 'link'>;

/** What a report needs beside the findings. */
export type ReportMeta = {
  /** Version of go-sre. */
  version: string;
  /** The cards of the rules by code; a finding whose code is not there is told without one. */
  cards: ReadonlyMap<string, RuleCard>;
  /** The lines of the files that findings name. */
  sources: ReadonlyMap<string, readonly string[]>;
  /** Files or images that were looked at. */
  checked: number;
  /** Findings that comments switched off. */
  ignored: number;
  /** Sentences about what could not be judged, and why. */
  notes: readonly string[];
};

/** Makes one text of all findings. */
export type RenderReport = (findings: readonly Finding[], meta: ReportMeta) => string;
