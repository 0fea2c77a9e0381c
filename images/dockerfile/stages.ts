import type { ImageReference } from './reference.ts';
import type { Dockerfile, Instruction } from './syntax.ts';

/** What a stage is built from. */
export type Base =
  | { kind: 'scratch' }
  | { kind: 'stage'; stage: Stage }
  /** `unresolved`: a variable without a value is left in it, so that the reference says little. */
  | { kind: 'image'; reference: ImageReference; unresolved: boolean };

/** One `FROM` and what follows up to the next. */
export type Stage = {
  /** From 0, in the order of the file. */
  index: number;
  /** Of `AS name`, lower case as BuildKit compares it. */
  name: string | undefined;
  from: Instruction;
  /** The base as it is written, variables expanded by the defaults of the global ARGs. */
  baseText: string;
  base: Base;
  platform: string | undefined;
  /** Without the FROM. */
  instructions: readonly Instruction[];
};

/** The stages of a file, and what stands before the first. */
export type Build = {
  dockerfile: Dockerfile;
  globalArgs: ReadonlyMap<string, string | undefined>;
  stages: readonly Stage[];
};
