import type { Table } from './report.ts';
import type { BenchName, Figures } from './targets.ts';

/** What the command line sets; undefined: the bench's own choice. */
export interface Settings {
  rounds?: number;
  requests?: number;
  /** Folder for CPU profiles; of `rca-faults`, for its incidents and stores. */
  profile?: string;
  /** The one case of a bench of the collector that is measured instead of all. */
  case?: string;
  /** File with the modules that `dockerfile-real-modules` takes instead of its own. */
  modules?: string;
  /** Folder with the cases that `gate-detection` takes instead of its own. */
  cases?: string;
  /** Folder with the labelled faults of `rca-nezha`; where `rca-quiet` keeps its recording. */
  data?: string;
  /** Simulated hours of `rca-quiet`. */
  hours?: number;
  /** What draws the day of `rca-quiet`. */
  seed?: number;
  /** File with the cases that `gate-hadolint` takes instead of its own. */
  corpus?: string;
}

/** What a bench gets from outside. */
export interface BenchDeps {
  /** A folder of its own, removed afterwards. */
  folder: string;
  /** Ends the bench; whatever it started ends with it. */
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
  /** Tells what is being done, to a person who waits. */
  tell: (line: string) => void;
  settings: Settings;
}

/** What a bench found. */
export interface Findings<Name extends BenchName = BenchName> {
  tables: readonly Table[];
  /** Sentences below the tables: what was skipped and why, what bounds a figure. */
  notes: readonly string[];
  figures: Figures<Name>;
  /** Figures that miss their target for a reason that the notes tell and that is not the bench's subject's fault. */
  explained?: readonly (keyof Figures<Name> & string)[];
}

/** One question and the way to its answer. */
export interface Bench<Name extends BenchName = BenchName> {
  /** One line for the list of benches. */
  question: string;
  run(deps: BenchDeps): Promise<Findings<Name>>;
}
