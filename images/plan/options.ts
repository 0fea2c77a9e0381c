import type { BaseImages } from '../data/base-images.ts';
import type { BaseKind } from './base.ts';
import type { VersionVariable } from './facts.ts';

/** How private modules are fetched. */
export type PrivateAccess = { by: 'secret' | 'ssh'; patterns: readonly string[] };

/** Something said of one program, or of all of them. */
export type ForProgram<T> = { program: string | undefined; value: T };

/** What the user asks for; undefined or empty where the facts decide. */
export type PlanOptions = {
  base: BaseKind | undefined;
  cgo: 'on' | 'off' | undefined;
  /** A program with C is linked statically. */
  static: boolean;
  goVersion: string | undefined;
  tags: readonly string[];
  /** Debian packages for the build stage, with their versions: `libpcap-dev=1.10.5-2`. */
  packages: readonly string[];
  private: PrivateAccess | undefined;
  /** Whether GOPROXY is a build argument. */
  goProxy: boolean;
  expose: readonly ForProgram<string>[];
  /** Words behind the binary that ask it for its health. */
  healthcheck: readonly ForProgram<readonly string[]>[];
  /** Instead of those that are found in the code. */
  versionVariables: readonly VersionVariable[] | undefined;
  /** Address of the source, for its label. */
  source: string | undefined;
  /** The words that give this again, without the program's name. */
  commandLine: string;
  /** The Dockerfile relative to the context. */
  file: string;
  baseImages: BaseImages;
  /** `YYYY-MM-DD` */
  today: string;
};
