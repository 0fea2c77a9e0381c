import type { BuildContext } from '../context.ts';
import type { BaseImages } from '../data/base-images.ts';
import type { Build } from '../dockerfile/stages.ts';
import type { ShellOf } from '../shell/of-instruction.ts';
import type { StepsOf } from './own/facts/steps.ts';

/** As hadolint has them, whose configurations name them. */
export type Severity = 'error' | 'warning' | 'info' | 'style';

/**
 * A mend that is certain: these lines (from 1, both included) are replaced by those, which have no line ends. An endLine
 * before the startLine inserts in front of it.
 */
export type Edit = {
  /** Path in the context; undefined: the Dockerfile. */
  file?: string;
  startLine: number;
  endLine: number;
  lines: readonly string[];
};

/** One place that a rule does not accept. */
export type Violation = {
  /** Lines of the Dockerfile, or of `file`. */
  line: number;
  endLine?: number;
  /** One sentence: what is wrong here, with the names from the file. */
  message: string;
  /** The file it stands in, as a path in the context, where that is not the Dockerfile. */
  file?: string;
  /** Given only where nobody could want it otherwise. */
  fix?: readonly Edit[];
};

/** What a rule may look at. */
export type Subject = {
  build: Build;
  /** The commands of a RUN, read once however many rules ask. */
  shell: ShellOf;
  /** What makes a stage, each instruction with the variables in front of it; put together once. */
  steps: StepsOf;
  /** What lies beside the Dockerfile; undefined where the Dockerfile is judged alone (standard input). */
  context: BuildContext | undefined;
  baseImages: BaseImages;
  /** The day of the verdict, `YYYY-MM-DD`. */
  today: string;
  settings: RuleSettings;
};

/** Words of the configuration that rules read. */
export type RuleSettings = {
  /** Registries that images may come from (DL3026); undefined: any. */
  trustedRegistries: readonly string[] | undefined;
  /** Labels that must be there, by their kind (DL3049 and what follows it). */
  labelSchema: ReadonlyMap<string, string>;
  /** Labels beside those of the schema are refused (DL3050). */
  strictLabels: boolean;
};

/** One rule: its card, and the pure function that finds where it is broken. */
export type Rule = {
  /** `DL3006`, or a name of our own like `base-eol`. */
  code: string;
  /** `off`: only a configuration switches it on. */
  severity: Severity | 'off';
  /** One line. */
  title: string;
  /** The card: what is checked, why it matters, how to mend it; each a sentence or two. */
  what: string;
  why: string;
  mend: string;
  link: string;
  /** Comments do not switch it off, since it is about them. */
  always?: true;
  check: (subject: Subject) => Iterable<Violation>;
};
