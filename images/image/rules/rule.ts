import type { BaseImages } from '../../data/base-images.ts';
import type { RuleCard } from '../../reports/report.ts';
import type { Severity } from '../../rules/rule.ts';
import type { CveVerdict } from '../cve/verdict.ts';
import type { Image } from '../image.ts';

/** What a rule may look at. */
export type ImageSubject = {
  image: Image;
  /** What the image is called where findings are told. */
  name: string;
  /** Bytes that the image may have. */
  budgetBytes: number;
  /** Ends of life, and the day of the verdict, `YYYY-MM-DD`. */
  baseImages: BaseImages;
  today: string;
  /** Undefined where no report was given. */
  vulnerabilities: CveVerdict | undefined;
};

/** One rule about an image: its card, and the pure function that finds where it is broken. */
export type ImageRule = Omit<RuleCard, 'severity'> & {
  severity: Severity;
  /** One sentence for each place, with the names from the image. */
  check: (subject: ImageSubject) => Iterable<string>;
};
