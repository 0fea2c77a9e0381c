import type { Table } from '../../bench/report.ts';

/** What a long end-to-end run is handed. */
export interface E2eDeps {
  /** Empty, and removed afterwards. */
  folder: string;
  signal: AbortSignal;
  /** Parts that may be left out, by their names. */
  skip: readonly string[];
  /** One line of progress. */
  tell(line: string): void;
}

export interface E2eResult {
  tables: Table[];
  /** One sentence for whatever did not go as it should. */
  problems: string[];
  figures: Record<string, number>;
  passed: boolean;
}

/** A long end-to-end run: one question, the parts that it has, and how it is answered. */
export interface E2eRun {
  question: string;
  parts: readonly string[];
  run(deps: E2eDeps): Promise<E2eResult>;
}
