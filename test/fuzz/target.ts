/** What one run of a fuzz target found. */
export type Fuzzed = {
  execs: number;
  /** Inputs unlike those before: new coverage in Go, a new kind of outcome here. */
  interesting: number;
  /** Paths of inputs that broke a property, and of inputs that did not end. */
  crashes: readonly string[];
  hangs: readonly string[];
  /** Peak memory of the process in 10^6 bytes, where the target runs in it. */
  rssMB?: number;
  /** Figures of the target's own, in place of those of the same name. */
  figures?: Readonly<Record<string, number>>;
};

/** When a run ends: after so many seconds, or after so many inputs. */
export type Bound = { seconds: number } | { execs: number };

/** What a run needs from outside. */
export type FuzzDeps = {
  /** Where reproducers are kept; exists. */
  folder: string;
  /** Seed of the random inputs, where the target takes one. */
  seed: number;
  /** The first portion of a target that works in portions: what was done before is not done again. */
  from?: number;
  tell: (line: string) => void;
};

/** One line of the table: a property, and how random inputs try to break it. */
export type FuzzTarget = {
  question: string;
  /** `FOLDER NAME` of the fuzz test in the emitted service that it runs, where it is one. */
  goTest?: string;
  /** What its inputs are called in the figures; execs where nothing is said. */
  inputs?: string;
  /** How many inputs where the command line says nothing; 30 seconds without. */
  defaultExecs?: number;
  run: (bound: Bound, deps: FuzzDeps) => Promise<Fuzzed>;
};

/** A property of our own code over bytes. */
export type Property = {
  /** Inputs to begin with. */
  seeds: readonly Uint8Array[];
  /** Words that mutations put in, beside the usual ones. */
  tokens?: readonly string[];
  /** Answers what kind of outcome the input had; throws when the property does not hold. */
  check: (input: Uint8Array) => string | Promise<string>;
};
